"""A process that has imported the libraries and waits for a run: the next one starts at once.

`python -m explorer.runs.spare` is that process. It reads one line from stdin, what to train, and
from then on is the run's process, its stdin the run's lifeline. It ends when its stdin does.
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

from vitcore.training.control import LIFELINE

_KEPT = 600.0  # seconds, then it gives its memory back
_MARGIN = 30.0  # seconds before that in which it is not taken any more


class Spare:
    """At most one such process. Not safe from several threads at once: its owner holds a lock."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._ends = 0.0

    def prepare(self, environment: dict[str, str]) -> None:
        """Start one where there is none, without waiting for it."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._ends = time.monotonic() + _KEPT
        with suppress(OSError):  # a run can start without
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "explorer.runs.spare"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=os.name == "posix",  # Ctrl-C is for the server
            )

    def take(self, arguments: list[str], log: Path, *, keep: bool) -> subprocess.Popen | None:
        """Let it run a command of vitcore; from then on it is a process like any other.

        Args:
            arguments: of `python -m vitcore`.
            log: the file to which it says what it has to say.
            keep: the run is to go on when the server ends.

        Returns:
            The process, or None where there is none.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is not None or time.monotonic() > self._ends - _MARGIN:
            _end(process)
            return None
        word = {"arguments": arguments, "log": str(log.resolve()), "keep": keep}
        try:
            process.stdin.write(json.dumps(word).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            _end(process)
            return None
        if keep:
            process.stdin.close()
            process.stdin = None  # as of a process that was begun without
        return process

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    with suppress(OSError):
        process.stdin.close()


def _read_word(words: queue.SimpleQueue[bytes]) -> None:
    """Unbuffered and up to the line's end: what follows belongs to the run's lifeline."""
    word = b""
    while not word.endswith(b"\n"):
        read = os.read(0, 1)
        if not read:
            os._exit(0)  # the server is gone
        word += read
    words.put(word)


def main() -> int:
    """Import, wait for the word, and become the run."""
    words: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_word, args=(words,), daemon=True).start()
    with suppress(Exception):  # the run meets the same, and says it in its log
        import_module("vitcore.training.loop")
    gc.collect()
    gc.freeze()  # the first step makes a million objects: collections need not walk these as well
    try:
        word = json.loads(words.get(timeout=_KEPT))
    except queue.Empty:
        return 0
    log = os.open(word["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ[LIFELINE] = "" if word["keep"] else "1"
    from vitcore.__main__ import main as run

    return run(word["arguments"])


if __name__ == "__main__":
    sys.exit(main())
