"""CIFAR-10 downloaded or converted beside the app, by a process of its own.

The app process stays small and responsive. `python -m explorer.data.cifar10_setup fetch` (or
`convert`) is that process; it writes its
progress, and at the end what went wrong, to stdout.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

from explorer.text.language import N_, tr
from vitcore import datasets

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 2.0  # seconds for which a look at the disk is believed
_ROOT = Path(__file__).resolve().parents[2]


class Gathering:
    """How CIFAR-10 stands on this machine. One for all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0
        self._source: datasets.Source | None = None
        self._job: subprocess.Popen[str] | None = None
        self._fetching = False
        self._error: str | None = None
        self.done: float | None = None  # share of the download, 0 to 1

    @property
    def found(self) -> bool:
        """Whether it is on this machine, ready or not."""
        self._look()
        return self._source is not None

    @property
    def ready(self) -> bool:
        """Whether it opens in milliseconds."""
        self._look()
        source = self._source
        return source is not None and source.ready and not self.busy and self._error is None

    @property
    def busy(self) -> bool:
        """Whether it is being fetched or converted."""
        return self._job is not None

    @property
    def can_fetch(self) -> bool:
        """Whether a download would help: not where a person names a folder that is broken."""
        if self.busy or self.ready:
            return False
        return self._source is None or self._source.origin != "named"

    @property
    def sentence(self) -> str:
        """How it stands, for a person."""
        if self.busy:
            downloads, converts = tr("Downloading CIFAR-10…"), tr("Converting CIFAR-10 (one time)…")
            return downloads if self._fetching else converts
        return tr(self._error or N_("CIFAR-10 not found."))

    def prepare(self) -> None:
        """Convert what is there but not converted, without waiting for it."""
        if self.found and not self.ready and self._error is None:
            self._begin("convert")

    def fetch(self) -> None:
        """Download it, without waiting for it."""
        self._begin("fetch")

    def refuse(self, sentence: str) -> None:
        """It could not be opened although it looked ready."""
        self._error = sentence

    def stop(self) -> None:
        """End a job that is under way; a download goes on from there next time."""
        job = self._job
        if job is not None:
            job.terminate()

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked > _LOOK_AGAIN:
                self._source = datasets.find_cifar10()
                self._looked = time.monotonic()

    def _begin(self, what: str) -> None:
        with self._lock:
            if self._job is not None:
                return
            self._fetching, self._error, self.done = what == "fetch", None, None
            self._job = job = subprocess.Popen(
                [sys.executable, "-m", "explorer.data.cifar10_setup", what],
                cwd=_ROOT,
                stdin=subprocess.PIPE,  # closes when the server goes, however it goes
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        threading.Thread(target=self._follow, args=(job,), daemon=True).start()

    def _follow(self, job: subprocess.Popen[str]) -> None:
        error = None
        with job:
            for line in job.stdout:
                message = json.loads(line)
                self.done = message.get("done", self.done)
                error = message.get("error", error)
        if job.returncode and error is None:
            error = N_("CIFAR-10 could not be converted.")
        if error:
            _log.error("CIFAR-10 is not ready: %s", error)
        with self._lock:
            self._job, self._error, self._looked = None, error, 0.0


@cache
def cifar10() -> Gathering:
    """The one record of this process."""
    return Gathering()


def _work(what: str) -> None:
    last = 0.0

    def progress(done: int, whole: int) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2 or done == whole:
            last = time.monotonic()
            print(json.dumps({"done": done / whole}), flush=True)

    try:
        if what == "fetch":
            datasets.download_cifar10(progress)
        else:
            datasets.cifar10("test")
    except (datasets.DataError, OSError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(1)


def _end_with_the_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    _work(sys.argv[1])
