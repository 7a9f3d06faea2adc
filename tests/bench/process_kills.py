"""Kill the worker, a server, or a replica behind nginx: `python -m tests.bench.process_kills`.

At random moments while somebody acts, a run trains and others wait. A server that was killed is
started again, as by a service manager. `python -m tests.bench.kills` kills the runs themselves.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import psutil
from websockets.exceptions import WebSocketException

from tests.bench.__main__ import load, machine
from tests.bench.kills import BrokenPromiseError, check
from tests.bench.table import Row, show
from tests.browser.replicas import NGINX, PATH, SETTINGS, behind_nginx, sessions
from tests.browser.server import Server
from tests.load.__main__ import SIZES
from tests.load.visitor import Visitor
from vitcore.config import CLASS_NAMES
from vitcore.training import runs

BACK = 10.0  # seconds within which what was killed is back
MOST = 60.0  # seconds after which nothing is waited for any more
WAITING = 2  # runs in the queue, beside the one that trains
KINDS = ("worker", "server", "replica") if NGINX else ("worker", "server")
Back = tuple[float, float, float]  # when it was killed, a page was drawn, and all on it answered


class Scene:
    """Two servers of the same home, nginx before them, and what was begun there."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self._rng = rng
        self._runs = root / "vitcore" / "runs"
        variables = SETTINGS | {"VITCORE_HOME": str(root / "vitcore"), "VITCORE_RUNS_AT_ONCE": "1"}
        self.servers = [Server(root / name, path=PATH, variables=variables) for name in "ab"]
        self._begun = 0  # runs that were shown as begun or in the queue

    def query(self) -> dict[str, str]:
        """An image and a patch size that hardly anybody has asked for."""
        return {
            "image_class": self._rng.choice(CLASS_NAMES),
            "image_index": str(self._rng.randrange(1000)),
            "patch_size": str(self._rng.choice(SIZES)),
        }

    def _there(self) -> tuple[int, int]:
        """How many runs there are, and how many wait."""
        waiting = 0
        for file in self._runs.glob(".queue-*.json"):
            with suppress(OSError, ValueError):  # just being written
                waiting += len(json.loads(file.read_text("utf-8"))["waiting"])
        return len(runs.list_runs(self._runs)), waiting

    async def fill(self, server: Server) -> None:
        """Open Train, and have one run train and others wait, each of another visitor."""
        while True:
            async with Visitor(server.address) as visitor:
                await visitor.act("train")  # which also takes over a queue that was left
                if self._there()[1] >= WAITING:
                    return
                await visitor.act(press="train_start")
                self._begun += 1
                await self.keeps_runs()

    async def keeps_runs(self) -> None:
        """Nothing that was begun may be missing, in the end.

        Raises:
            BrokenPromiseError: where it is.
        """
        deadline = time.monotonic() + MOST
        while sum(there := self._there()) != self._begun:
            if time.monotonic() > deadline:
                raise BrokenPromiseError(f"{there[0]} runs and {there[1]} waiting of {self._begun}")
            await asyncio.sleep(0.1)

    def keeps_checkpoints(self) -> None:
        """What each run had told as saved must be there and whole.

        Raises:
            BrokenPromiseError: where it is not.
        """
        for run in runs.list_runs(self._runs):
            if run.state != "running":
                check(run.folder)

    @asynccontextmanager
    async def somebody(self, address: str) -> AsyncIterator[Visitor]:
        """A visitor who waits for something at this moment."""
        async with Visitor(address) as visitor:
            await visitor.act("", self.query(), waits=MOST)
            with suppress(TimeoutError):
                acts = visitor.act("", self.query(), waits=MOST)
                await asyncio.wait_for(acts, self._rng.uniform(0, 1.0))
            yield visitor

    async def answered(self, visitor: Visitor) -> tuple[float, float]:
        """When a page was drawn, and when everything on it was answered, by this clock.

        Raises:
            BrokenPromiseError: where it is not.
        """
        began = time.monotonic()
        drawn, answered = await visitor.act("", self.query(), waits=MOST)
        if answered is None or visitor.closed:
            raise BrokenPromiseError("no answer any more")
        return began + drawn, began + answered

    async def comes(self, address: str) -> tuple[float, float]:
        """The same for somebody new, who tries until there is a server."""
        deadline = time.monotonic() + MOST
        while True:
            try:
                async with Visitor(address, timeout=MOST) as visitor:
                    return await self.answered(visitor)
            except (OSError, WebSocketException):
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)


async def gone(processes: list[psutil.Process]) -> None:
    """What a killed server had started ends by itself, after it has saved.

    Raises:
        BrokenPromiseError: where one goes on.
    """
    left = (await asyncio.to_thread(psutil.wait_procs, processes, timeout=MOST))[1]
    if left:
        raise BrokenPromiseError(f"{left[0].cmdline()} outlives its server")


def worker(server: Server) -> psutil.Process | None:
    """The process of the model; trainings have TensorFlow too."""
    for one in server.others():
        with suppress(psutil.NoSuchProcess):
            if any("LokyProcess" in word for word in one.cmdline()):
                return one
    return None


async def kill_worker(scene: Scene, server: Server) -> Back:
    """Kill the model's process; the session goes on."""
    async with scene.somebody(server.address) as visitor:
        while (found := worker(server)) is None:
            await asyncio.sleep(0.1)
        found.kill()
        return time.monotonic(), *await scene.answered(visitor)


async def kill_server(scene: Scene, server: Server) -> Back:
    """Kill one that is started again at once."""
    async with scene.somebody(server.address):
        started = server.others()
        server.process.kill()
        began = time.monotonic()
        await asyncio.to_thread(server.process.wait)
        await asyncio.to_thread(server.__enter__)
        back = await scene.comes(server.address)
    await gone(started)
    await scene.fill(server)
    return began, *back


async def kill_replica(scene: Scene, address: str) -> Back:
    """Kill the one that serves a visitor of nginx, who comes to the other."""
    async with scene.somebody(address):
        server = max(scene.servers, key=sessions)
        started = server.others()
        server.process.kill()
        began = time.monotonic()
        back = await scene.comes(address)
    await asyncio.to_thread(server.process.wait)
    await gone(started)
    await asyncio.to_thread(server.__enter__)
    await scene.fill(server)
    return began, *back


async def measure(times: int, seed: int, root: Path, took: dict[str, list[Back]]) -> None:
    """Kill so many processes, one after the other.

    Args:
        times: how many.
        seed: of what is killed, and when.
        root: an empty folder.
        took: where the moments are put of each kind's kills and of what came after.

    Raises:
        BrokenPromiseError: at the first after which something is lost.
    """
    rng = random.Random(seed)
    scene = Scene(root, rng)
    with ExitStack() as stack:
        for server in scene.servers:
            stack.enter_context(server)
            await scene.comes(server.address)
        address = stack.enter_context(behind_nginx(scene.servers, root)) if NGINX else ""
        await scene.fill(scene.servers[0])
        for number in range(times):
            kind, server = rng.choice(KINDS), rng.choice(scene.servers)
            if kind == "worker":
                back = await kill_worker(scene, server)
            elif kind == "server":
                back = await kill_server(scene, server)
            else:
                back = await kill_replica(scene, address)
            took[kind].append(back)
            await scene.keeps_runs()
            scene.keeps_checkpoints()
            print(f"\r{number + 1} of {times} ", end="", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.process_kills")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    took: dict[str, list[Back]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="vitcore-kills-") as root:
        try:
            asyncio.run(measure(options.times, options.seed, Path(root), took))
        except KeyboardInterrupt:  # what was found so far
            pass
        except BrokenPromiseError as error:
            print(f"\nbroken: {error}", file=sys.stderr)
            for log in Path(root).glob("*/server.log"):
                print(f"{log.parent.name}: {log.read_text()[-2000:]}", file=sys.stderr)
            return 1
    rows = [
        Row(f"{kind} killed, until {what}", [one[after] - one[0] for one in backs], "s", bound=BACK)
        for kind, backs in sorted(took.items())
        for after, what in ((1, "a page is drawn"), (2, "all on it is answered"))
    ]
    print(f"\n{show(rows)}\n{load()} at the end; nothing was lost that was shown as saved")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
