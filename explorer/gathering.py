"""Getting CIFAR-10 ready beside the app: fetched or converted in a process of its own."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

from vitcore.datasets import find_cifar10

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 2.0  # seconds for which a look at the disk is believed
_ROOT = Path(__file__).resolve().parent.parent
_CONVERT = [sys.executable, "-c", "from vitcore.datasets import cifar10; cifar10('test')"]
_FETCH = [sys.executable, "-m", "vitcore", "fetch", "--json"]


class Gathering:
    """CIFAR-10 on this machine: there, on its way, or missing. Shared by all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0
        self._found = self._ready = False
        self._job: subprocess.Popen[str] | None = None
        self._fetching = False
        self._error: str | None = None
        self.done: float | None = None

    @property
    def found(self) -> bool:
        """Whether it is on this machine, ready or not."""
        self._look()
        return self._found

    @property
    def ready(self) -> bool:
        """Whether it opens in milliseconds."""
        self._look()
        return self._ready

    @property
    def busy(self) -> bool:
        """Whether it is being fetched or converted."""
        return self._job is not None

    @property
    def can_fetch(self) -> bool:
        return not self.busy and (not self.found or self._error is not None)

    @property
    def sentence(self) -> str:
        """How it stands, for a person."""
        if self.busy:
            share = f" {self.done:.0%}" if self.done else ""
            return f"Fetching CIFAR-10{share}" if self._fetching else "Preparing CIFAR-10, once"
        if self._error:
            return f"{self._error} Sketches are shown meanwhile."
        return "CIFAR-10 is not on this machine. Sketches are shown meanwhile."

    def prepare(self) -> None:
        """Convert what is there but not converted, without waiting for it."""
        if self.found and not self.ready and self._error is None:
            self._begin(_CONVERT, fetching=False)

    def fetch(self) -> None:
        """Download it, without waiting for it."""
        self._begin(_FETCH, fetching=True)

    def failed(self, sentence: str) -> None:
        """It could not be opened although it is there."""
        with self._lock:
            self._error = sentence
            self._ready = False
            self._looked = time.monotonic() + 3600.0

    def stop(self) -> None:
        """End a job that is under way; what it downloaded is taken up again next time."""
        job = self._job
        if job is not None:
            job.terminate()

    def _look(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._looked < _LOOK_AGAIN:
                return
            self._looked = now
            source = find_cifar10()
            self._found = source is not None
            self._ready = source is not None and source.ready and self._job is None

    def _begin(self, command: list[str], *, fetching: bool) -> None:
        with self._lock:
            if self._job is not None:
                return
            self._fetching, self._error, self.done = fetching, None, None
            self._job = subprocess.Popen(
                command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        threading.Thread(target=self._follow, args=(self._job,), daemon=True).start()

    def _follow(self, job: subprocess.Popen[str]) -> None:
        last = ""
        for line in job.stderr:
            last = line.strip() or last
            self._read(last)
        code = job.wait()
        with self._lock:
            self._job = None
            self._looked = 0.0
            if code:
                _log.error("getting CIFAR-10 ended with %s: %s", code, last)
                self._error = _sentence(last)

    def _read(self, line: str) -> None:
        try:
            self.done = min(1.0, max(0.0, float(json.loads(line)["done"])))
        except (ValueError, TypeError, KeyError):
            return


def _sentence(line: str) -> str:
    """The message of an error's last line, without the name of its type."""
    _, colon, message = line.partition(": ")
    return message if colon and message.endswith(".") else "CIFAR-10 could not be read."


@cache
def cifar10() -> Gathering:
    """The one record of this process."""
    return Gathering()
