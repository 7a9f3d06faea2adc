"""A process that has imported the libraries and waits for a run: the next one starts at once.

`python -m explorer.runs.standby_process` is that process. Each line of its stdin says what to
train; while it does, its stdin is the run's lifeline. A run that ended well leaves it waiting for
the next, with the steps compiled that it took. It ends when its stdin does, or a while after its
last run.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from vitcore.cli.main import main as command
from vitcore.training.control import LIFELINE, Control, stop_orphan
from vitcore.training.processes import leave

_KEPT = 600.0  # seconds without a run, then it gives its memory back
_MARGIN = 30.0  # seconds before that in which it is not taken any more
_MOST_RUNS = 8  # of one process: each that compiles new steps leaves it some 70 MB larger
_NICE = 10  # of a run: others have nine tenths of a processor that it shares


class Spare:
    """At most one such process. Not safe from several threads at once: its owner holds a lock."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._ends = 0.0  # on the monotonic clock
        self._runs: dict[subprocess.Popen, int] = {}  # how many each taken one has had

    def prepare(self, environment: dict[str, str]) -> None:
        """Start one where there is none, without waiting for it."""
        if self._waits():
            return
        self.close()
        self._ends = time.monotonic() + _KEPT
        with suppress(OSError):  # a run can start without
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "explorer.runs.standby_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=os.name == "posix",  # Ctrl-C is for the server
            )
            give_way(self._process)

    def take(self, arguments: list[str], log: Path, *, keep: bool) -> subprocess.Popen | None:
        """Let it run a command of vitcore; from then on it is a process like any other.

        Args:
            arguments: of `python -m vitcore`.
            log: the file to which it says what it has to say.
            keep: the run is to go on when the server ends.

        Returns:
            The process, or None where there is none.
        """
        if not self._waits():
            self.close()
            return None
        process, self._process = self._process, None
        word = {"arguments": arguments, "log": str(log.resolve()), "keep": keep}
        try:
            process.stdin.write(json.dumps(word).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            _end(process)
            return None
        runs = self._runs.pop(process, 0)
        if keep:
            process.stdin.close()
            process.stdin = None  # as of a process that was begun without
        else:
            self._runs = {one: had for one, had in self._runs.items() if one.poll() is None}
            self._runs[process] = runs + 1
        return process

    def take_back(self, process: subprocess.Popen, *, seconds: float) -> bool:
        """Have a process wait again, in place of any that does.

        Args:
            process: one that lives, and whose run ended well.
            seconds: since then.

        Returns:
            Whether it does: not where it came from elsewhere, or its run was to be kept. One that
            has had enough runs is ended.
        """
        if process not in self._runs:
            return False
        if self._runs[process] >= _MOST_RUNS:
            _end(process)
            return False
        self.close()
        self._process, self._ends = process, time.monotonic() - seconds + _KEPT
        return True

    def _waits(self) -> bool:
        alive = self._process is not None and self._process.poll() is None
        return alive and time.monotonic() < self._ends - _MARGIN

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)


def give_way(process: subprocess.Popen) -> None:
    """Have a process that has just begun leave the processor, and memory, to pages and models."""
    with suppress(AttributeError, OSError):  # no Windows; or it has ended
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, process.pid, ours + _NICE)
    with suppress(OSError):  # where memory runs out, Linux is to end it rather than the server
        Path(f"/proc/{process.pid}/oom_score_adj").write_text("500")


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    with suppress(OSError):
        process.stdin.close()


class _Waiting:
    """The process itself: what it hears, and what it keeps from one run to the next."""

    def __init__(self) -> None:
        self._words: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._control: Control | None = None  # of the run that it trains

    def listen(self) -> None:
        """Hear what to train, until the server is gone: this ends the process, and the run well."""
        while line := _read_line():
            word = json.loads(line)
            self._words.put(word)
            if word["keep"]:  # the run is its own from now on
                return
        if self._control is not None:
            stop_orphan(self._control)
        os._exit(0)

    def train_all(self) -> int:
        """Train what is heard, run by run; returns the exit status."""
        trainers = None
        with suppress(Exception):  # the run meets the same, and says it in its log
            trainers = import_module("vitcore.training.loop").Trainers()
        while True:
            _tidy()
            try:
                word = self._words.get(timeout=_KEPT)
            except queue.Empty:
                return 0
            os.environ[LIFELINE] = "" if word["keep"] else "1"
            _speak_into(word["log"])
            status = command(word["arguments"], hold=self._hold, trainers=trainers)
            # Whoever deleted the folder while it trained could not know when it was done.
            if status or word["keep"] or not Path(word["log"]).exists():
                return status
            self._control = None
            _speak_into(os.devnull)

    def _hold(self, control: Control) -> None:
        self._control = control


def _read_line() -> bytes:
    """A whole line, unbuffered: a buffered reader held by a daemon thread aborts the exit."""
    line = b""
    while not line.endswith(b"\n"):
        try:
            read = os.read(0, 1)
        except OSError:  # the pipe is broken: the server is gone just as well
            return b""
        if not read:
            return b""
        line += read
    return line


def _speak_into(file: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _tidy() -> None:
    """Collect garbage while nobody waits, and let no later collection walk what is here to stay.

    A step that is traced makes a million objects.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def main() -> int:
    """Import, and train what the server says."""
    waiting = _Waiting()
    threading.Thread(target=waiting.listen, daemon=True).start()
    return waiting.train_all()


if __name__ == "__main__":
    leave(main())
