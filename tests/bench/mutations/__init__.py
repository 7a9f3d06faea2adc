"""Files and messages of strangers: 10,000 mutated ones, of which none may break anything.

Each kind is a function of a source of chance and a folder of its own, which mutates and reads one.
`python -m tests.bench.mutations KIND --seed 0 --first 123 --count 1` repeats one of them.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.mutations import images, links, messages, model_files
from tests.bench.table import Row

SECONDS, MEMORY = 2.0, 10**9  # of the processor, for one input; bytes, of the process
_HANGS = 60.0  # seconds
_ROOT = Path(__file__).resolve().parents[3]
KINDS: dict[str, tuple[Callable[[random.Random, Path], None], int]] = {  # who reads, how many
    "images": (images.images, 4000),
    "checkpoints": (model_files.checkpoints, 2000),
    "runs": (model_files.runs, 1500),
    "links": (links.links, 1500),
    "messages": (messages.messages, 1000),
}


def read_all(kind: str, *, seed: int, first: int, count: int) -> None:
    """Read inputs one by one; says on each line which one begins, or what was wrong with it."""
    feed, limit = KINDS[kind][0], 3 * MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory(prefix="vitcore-mutations-") as root:
        for number in range(first, first + count):
            print(json.dumps({"begins": number}), flush=True)
            folder, wrong = Path(root) / str(number), ""
            folder.mkdir()
            before = time.process_time()
            try:
                feed(random.Random(f"{kind} {seed} {number}"), folder)
            except Exception:
                wrong = traceback.format_exc(limit=-6)
            used = time.process_time() - before
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            shutil.rmtree(folder)
            if memory > MEMORY:
                wrong = wrong or f"{memory / 1e6:.0f} MB"
            if used > SECONDS and number > first:  # the first one imports and makes originals
                wrong = wrong or f"{used:.1f} s"
            said = {"ends": number, "seconds": used, "memory": memory, "wrong": wrong}
            print(json.dumps(said), flush=True)


@dataclass
class Found:
    """What the inputs of a kind did."""

    seconds: list[float] = field(default_factory=list)
    memory: float = 0.0  # bytes, at most
    wrong: dict[int, str] = field(default_factory=dict)


def watch(kind: str, *, seed: int, count: int) -> Found:
    """Have inputs read in a process, and in a new one behind each that ended it."""
    found, next_one = Found(), 0
    while next_one < count:
        command = [sys.executable, "-m", "tests.bench.mutations", kind, "--seed", str(seed)]
        command += ["--first", str(next_one), "--count", str(count - next_one)]
        process = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun = -1
        for line in process.stdout:
            said = json.loads(line)
            begun = said.get("begins", begun)
            if "begins" in said:
                hangs = threading.Timer(_HANGS, process.kill)
                hangs.start()
                continue
            hangs.cancel()
            next_one = said["ends"] + 1
            found.seconds.append(said["seconds"])
            found.memory = max(found.memory, said["memory"])
            if said["wrong"]:
                found.wrong[said["ends"]] = said["wrong"]
            if said["memory"] > MEMORY:  # the largest so far would be blamed on all that follow
                process.kill()
        errors = process.stderr.read()
        if process.wait() and next_one <= begun:
            found.wrong[begun] = f"the process ended, status {process.returncode}: {errors[-800:]}"
            next_one = begun + 1
        elif begun < 0:
            raise RuntimeError(errors)
    return found


def measure(browser, home, folder) -> list[Row]:
    rows = []
    for kind, (_, count) in KINDS.items():
        began = time.perf_counter()
        found = watch(kind, seed=0, count=count)
        for number, wrong in list(found.wrong.items())[:20]:
            print(f"{kind} {number}: {wrong}", file=sys.stderr)
        rows += [
            Row(f"mutated {kind}: {count:,} that broke something", [len(found.wrong)], "", bound=0),
            Row(f"mutated {kind}: the slowest", [max(found.seconds[1:])], "s", bound=SECONDS),
            Row(f"mutated {kind}: memory", [found.memory / 1e6], "MB", bound=MEMORY / 1e6),
            Row(f"mutated {kind}: all of them", [time.perf_counter() - began], "s"),
        ]
    return rows
