"""Many people at once: `python -m tests.load`, real sessions beside those of an empty app.

Each person opens a page and then acts every few seconds: another page, image or patch size. Some
begin a training. All of it on this machine: what the people cost is part of what is measured.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import psutil

from tests.bench.__main__ import load, machine
from tests.bench.reruns import SETTINGS
from tests.bench.sliding import EMPTY_APP
from tests.bench.table import Row, show
from tests.browser.person import PAGES
from tests.browser.replicas import PATH, behind_nginx
from tests.browser.replicas import SETTINGS as SETTINGS_BEHIND
from tests.browser.server import Server
from tests.load.visitor import Visitor
from tests.run import cifar10_folder
from vitcore.config import CLASS_NAMES, PATCH_SIZES

SIZES = tuple(size for size in PATCH_SIZES if size >= 2)


@dataclass
class Found:
    """What a crowd met."""

    drawn: list[float] = field(default_factory=list)  # seconds until a page was drawn
    answered: list[float] = field(default_factory=list)  # until nothing waited, where that came
    errors: list[str] = field(default_factory=list)
    dropped: int = 0
    bytes: int = 0


def choice(
    rng: random.Random, pages: list[str], page: str, query: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """What a person does next: the page, and what its address says."""
    what = rng.choice(("page", "image", "image", "size", "size"))
    if what == "page":
        return rng.choice(pages), query
    if what == "image":
        image = {"image_class": rng.choice(CLASS_NAMES), "image_index": str(rng.randrange(100))}
        return page, query | image
    return page, query | {"patch_size": str(rng.choice(SIZES))}


async def person(
    address: str,
    number: int,
    *,
    pages: list[str],
    every: float,
    warm: float,
    seconds: float,
    trains: bool,
    found: Found,
) -> None:
    """Open a session, act until the time is over, and write down what was met."""
    rng, page, query = random.Random(number), "", {}
    await asyncio.sleep(rng.random() * every)
    counts = time.monotonic() + warm
    until = counts + seconds
    visitor = Visitor(address)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(visitor)
            await visitor.act("train" if trains else page)  # not counted
            if trains:
                await visitor.act(press="train_start")
            while time.monotonic() < until and not visitor.closed:
                began, before = time.monotonic(), visitor.bytes
                page, query = choice(rng, pages, page, query)
                drawn, answered = await visitor.act(page, query, waits=every)
                if began >= counts:
                    found.drawn.append(drawn)
                    if answered is not None:
                        found.answered.append(answered)
                    found.bytes += visitor.bytes - before
                await asyncio.sleep(max(0.0, every - (time.monotonic() - began)))
        except (TimeoutError, OSError, KeyError) as error:
            found.errors.append(f"person {number}: {type(error).__name__} {error}")
    found.dropped += visitor.closed
    found.errors += visitor.errors


class Watch(threading.Thread):
    """Memory of the app and its worker while a crowd is there, and their processor time."""

    def __init__(self, servers: list[Server], *, warm: float) -> None:
        super().__init__(daemon=True)
        self._servers, self._warm, self._over = servers, warm, threading.Event()
        self.app: list[float] = []
        self.others: list[float] = []
        self._before = self._seconds()

    def _seconds(self) -> tuple[float, float]:
        app = others = 0.0
        for server in self._servers:
            times = server.app().cpu_times()
            app += times.user + times.system
            for one in server.others():
                try:
                    times = one.cpu_times()
                    others += times.user + times.system
                except psutil.NoSuchProcess:
                    continue
        return app, others

    def run(self) -> None:
        self._over.wait(self._warm)
        self._before = self._seconds()
        while not self._over.wait(1.0):
            self.app.append(max(one.app().memory_info().rss for one in self._servers) / 1e6)
            sizes = []
            for one in (one for server in self._servers for one in server.others()):
                try:
                    sizes.append(one.memory_info().rss / 1e6)
                except psutil.NoSuchProcess:
                    continue
            self.others.append(max(sizes, default=0.0))

    def end(self) -> tuple[float, float]:
        """Processor seconds of the app, and of all it started, since what is not counted."""
        self._over.set()
        self.join()
        now = self._seconds()
        return now[0] - self._before[0], now[1] - self._before[1]


def crowd(
    servers: list[Server],
    address: str,
    options: argparse.Namespace,
    *,
    pages: list[str],
    trainers: int,
) -> tuple[Found, Watch]:
    """Let everybody act on an address, behind which these servers stand."""
    found, watch = Found(), Watch(servers, warm=options.warm)
    watch.start()

    async def everybody() -> None:
        people = (
            person(
                address,
                number,
                pages=pages,
                every=options.every,
                warm=options.warm,
                seconds=options.seconds,
                trains=number < trainers,
                found=found,
            )
            for number in range(options.people)
        )
        await asyncio.gather(*people)

    asyncio.run(everybody())
    if not found.drawn:
        raise RuntimeError("; ".join(sorted(set(found.errors))[:3]) or "nobody was drawn a page")
    return found, watch


@contextmanager
def replicas(number: int, home: Path, folder: Path | None) -> Iterator[tuple[list[Server], str]]:
    """One server, or two behind nginx; and the address for the people."""
    if number == 1:
        with Server(home, data=folder) as server:
            yield [server], server.address
        return
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                Server(home / str(one), data=folder, variables=SETTINGS_BEHIND, path=PATH)
            )
            for one in range(number)
        ]
        yield servers, stack.enter_context(behind_nginx(servers, home))


def rows(name: str, found: Found, watch: Watch, seconds: float, bounds: bool) -> list[Row]:
    app, others = watch.end()
    acts = max(1, len(found.drawn))
    ninety_fifth = quantiles(found.drawn, n=20)[-1] if len(found.drawn) > 1 else float("nan")
    return [
        Row(f"{name}: acts", [acts / seconds], "1/s"),
        Row(f"{name}: until drawn, median", [median(found.drawn)], "s"),
        Row(f"{name}: until drawn, 95 %", [ninety_fifth], "s", bound=1.0 if bounds else None),
        Row(f"{name}: answered before the next", [100 * len(found.answered) / acts], "%"),
        Row(f"{name}: until answered, median", [median(found.answered)], "s"),
        Row(f"{name}: until answered, 95 %", [quantiles(found.answered, n=20)[-1]], "s"),
        Row(f"{name}: processor time of an act, app", [1000 * app / acts], "ms"),
        Row(f"{name}: processor time of an act, worker and runs", [1000 * others / acts], "ms"),
        Row(f"{name}: app's memory", [watch.app[0], watch.app[-1]], "MB"),
        Row(f"{name}: largest other process", [watch.others[0], watch.others[-1]], "MB"),
        Row(f"{name}: sent for an act", [found.bytes / acts / 1e3], "kB"),
        Row(f"{name}: sessions dropped", [found.dropped], "", bound=0),
        Row(f"{name}: errors", [len(found.errors)], "", bound=0),
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two acts")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--warm", type=float, default=60.0, help="seconds before, not counted")
    parser.add_argument("--trainers", type=int, default=0, help="how many begin a training")
    parser.add_argument(
        "--replicas", type=int, choices=(1, 2), default=1, help="2: the same with two behind nginx"
    )
    options = parser.parse_args(arguments)
    folder = cifar10_folder(sys.executable)
    print(f"{machine()}\n{options.people} people, an act each {options.every:g} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="vitcore-load-") as temporary:
        home = Path(temporary)
        script = home / "empty.py"
        script.write_text(EMPTY_APP)
        table = []
        with Server(home / "empty", script=script, variables=SETTINGS) as server:
            found, watch = crowd([server], server.address, options, pages=[""], trainers=0)
            table += rows("empty app", found, watch, options.seconds, bounds=False)
        for name, number in (("ours", 1), ("two replicas", 2))[: options.replicas]:
            with replicas(number, home / f"of-{number}", folder) as (servers, address):
                for server in servers:
                    server.worker()
                found, watch = crowd(
                    servers,
                    address,
                    options,
                    pages=list(PAGES.values()),
                    trainers=options.trainers,
                )
                table += rows(name, found, watch, options.seconds, bounds=True)
    print(show(table))
    for error in sorted(set(found.errors))[:10]:
        print(error)
    print(f"{load()} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
