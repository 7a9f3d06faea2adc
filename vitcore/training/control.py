"""Steering a training run from outside: one word in a file, and a pipe that ends with its owner."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from vitcore.training.runs import DESCRIPTION

FILE_NAME = "control"
LIFELINE = "VITCORE_LIFELINE"  # environment variable: "1" ties the run's life to its stdin
PAUSE_SECONDS = 0.05  # between two looks while paused
_GRACE = 2.0  # seconds for a run whose owner is gone


class Control:
    """The training side of the control file; the loop asks `gate` before every step.

    Words: `run`, `run S` (at most S steps a second), `stop`, `pause`, `step N` (one step, then
    pause) and `epoch N` (to the end of the epoch, then pause). Each N is obeyed once. A missing
    or unreadable file leaves the last word standing; at first that is `run`. A word that means
    nothing counts as `run`. A run that is resumed should `write_control(folder, "run")` first,
    for the file may still hold the `stop` that ended it.

    A folder that described a run at first and no longer does was deleted by someone: that is a
    stop for good, and `gone` is true, so that the run does not make the folder anew.

    Args:
        folder: the run folder.
        clock: called with seconds to wait while paused.

    Attributes:
        lost: whether the process that started the run is gone, which ends it.
    """

    def __init__(self, folder: str | Path, clock: Callable[[float], object] = time.sleep) -> None:
        self._path = Path(folder) / FILE_NAME
        self._description = Path(folder) / DESCRIPTION
        self._described = self._description.exists()
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._word = "run"
        self._ticket = ""
        self._paused = False
        self._next = 0.0  # when a slowed run may take its next step
        self._stopped = False
        self.lost = False

    @property
    def gone(self) -> bool:
        """Whether the run's folder was deleted meanwhile."""
        if not self._described:
            return False
        try:
            os.stat(self._description)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:  # on Windows just being replaced
            pass
        return False

    def look(self) -> str:
        """The present word, without waiting. Costs two `stat`s where nothing changed."""
        if self._stopped or self.gone:
            return "stop"
        try:
            stat = os.stat(self._path)
            if (key := (stat.st_mtime_ns, stat.st_ino)) != self._seen:
                self._word = self._path.read_text(encoding="utf-8").strip()
                self._seen = key
        except (OSError, ValueError):  # gone, no text, or on Windows just being replaced
            pass
        return self._word

    def gate(
        self, *, epoch_ends: bool = False, say: Callable[[str], object] = lambda _: None
    ) -> str:
        """Wait while paused; then say whether to take the next step.

        Args:
            epoch_ends: whether the step before was the last of its epoch.
            say: called with "paused" when it begins to wait, and with "resumed" when more than a
                single step is to follow.

        Returns:
            "run" or "stop".
        """
        waits = False
        while (word := self.look()) != "stop":
            kind, _, number = word.partition(" ")
            new = word != self._ticket
            if kind == "step" and new:
                self._ticket = word
                return "run"
            if kind == "epoch" and (new or not epoch_ends):
                self._ticket = word
                return self._goes_on(say)
            if kind not in ("pause", "step", "epoch"):
                if not self._too_early(number):
                    return self._goes_on(say)
            elif not waits:
                waits = self._paused = True
                say("paused")
            self._clock(PAUSE_SECONDS)
        return "stop"

    def pause(self) -> str:
        """Wait as if told to pause, until another word is said; that word."""
        self._word = "pause"
        while (word := self.look()) == "pause":
            self._clock(PAUSE_SECONDS)
        return word

    def _goes_on(self, say: Callable[[str], object]) -> str:
        if self._paused:
            self._paused = False
            say("resumed")
        return "run"

    def _too_early(self, pace: str) -> bool:
        """Whether the next step of a run that was slowed to `pace` steps a second is not due."""
        now = time.monotonic()
        if not pace.isdecimal() or not int(pace):
            return False
        if now < min(self._next, now + 1 / int(pace)):
            return True
        self._next = now + 1 / int(pace)
        return False

    def stop(self) -> None:
        """Ask for a stop from inside the process, for good. Safe from any thread."""
        self._stopped = True


def write_control(folder: str | Path, word: str) -> None:
    """Say one word to the run in `folder`; the file is replaced in one move.

    Raises:
        ValueError: if the word is none of those that `Control` knows.
        OSError: if the first word of a run cannot be written.
    """
    first, _, number = word.partition(" ")
    numbered = first in ("run", "step", "epoch") and number.isdecimal()
    if word not in ("run", "stop", "pause") and not numbered:
        raise ValueError(
            f"word must be run, 'run S', stop, pause, 'step N' or 'epoch N', got {word!r}"
        )
    path = Path(folder) / FILE_NAME
    part = path.with_name(f"{FILE_NAME}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        part.write_text(word, encoding="utf-8")
    except OSError:  # the disk is full, and a stop must be heard all the same
        part.unlink(missing_ok=True)
        if not path.exists():
            raise
        _overwrite(path, word)
        return
    for attempt in range(20):
        try:
            os.replace(part, path)
            return
        except PermissionError:  # Windows: the run has the file open at this moment
            if attempt == 19:
                part.unlink(missing_ok=True)
                raise
            time.sleep(0.01)


def _overwrite(path: Path, word: str) -> None:
    """Say it in the file that is there, which takes no further room."""
    with open(path, "r+b", buffering=0) as file:
        file.write(word.encode().ljust(os.fstat(file.fileno()).st_size))


def watch_parent(control: Control, *, grace: float = _GRACE) -> None:
    """Stop when the process that started this one is gone.

    Whoever starts a run with the environment variable `VITCORE_LIFELINE=1` keeps the other
    end of its standard input; when that ends, however it ends, the pipe closes. Then a stop is
    asked for, and after `grace` the process leaves even in the middle of a step. Without the
    variable nothing happens: a run started in a terminal reads no input.

    Args:
        control: the run's control.
        grace: seconds the run gets to save what it has.
    """
    if os.environ.get(LIFELINE) != "1":
        return

    def watch() -> None:
        # os.read, not sys.stdin: a buffered reader held by a daemon thread aborts the exit.
        descriptor = sys.stdin.fileno()
        try:
            while os.read(descriptor, 4096):
                pass
        except OSError:
            pass  # the pipe is broken: the owner is gone just as well
        stop_orphan(control, grace=grace)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def stop_orphan(control: Control, *, grace: float = _GRACE) -> NoReturn:
    """Stop the run, for who started it is gone; call from another thread than the run's.

    Args:
        control: the run's control.
        grace: seconds the run gets to save what it has.
    """
    control.lost = True
    control.stop()
    time.sleep(grace)
    os._exit(1)
