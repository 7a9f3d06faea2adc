"""Runs that wait until there is room for them, also for the next server where this one ends."""

import contextlib
import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from explorer.text.language import N_
from vitcore.config import TrainConfig
from vitcore.training.processes import process_lives

LONGEST = 20
FULL = N_("The queue is full ({count} runs). Remove one first.")
LOOK_SECONDS = 0.5  # between two looks at whether there is room


@dataclass(frozen=True, slots=True)
class Queued:
    """A run that waits for its turn."""

    ticket: int
    config: TrainConfig
    keep: bool  # it is to go on when the server ends
    resumes: str = ""  # the run that is to go on; "" where a new one is to begin
    owner: str = ""  # the visitor who asked for it
    problem: str = ""  # why it could not be started when its turn had come


def _file_of(process: int | str) -> str:
    return f".queue-{socket.gethostname()}-{process}.json"


class RunQueue:
    """Start runs one after the other, in the order in which they came.

    A thread looks for room while somebody waits, so that a queue is served with no page open.

    Args:
        start: starts one and returns its name, or None while there is no room; ValueError where
            that cannot be done.
        folder: where those that wait are written down, looked up at each call.
    """

    def __init__(self, start: Callable[[Queued], str | None], folder: Callable[[], Path]) -> None:
        self._start, self._folder = start, folder
        self._waiting: list[Queued] = []
        self._begun: dict[int, str] = {}  # ticket -> name of the run
        self._tickets = itertools.count(1)
        self._lock = threading.Lock()
        self._server: threading.Thread | None = None
        self._closed = threading.Event()
        self._take_over()

    def __call__(self) -> tuple[Queued, ...]:
        """Those that wait, the next one first."""
        with self._lock:
            return tuple(self._waiting)

    def add(self, config: TrainConfig, *, keep: bool, resumes: str = "", owner: str = "") -> Queued:
        """Let a run wait for its turn. One that is to go on waits once, however often added.

        Raises:
            ValueError: if too many wait already.
        """
        with self._lock:
            for one in self._waiting:
                if resumes and one.resumes == resumes and not one.problem:
                    return one
            if len(self._waiting) >= LONGEST:
                raise ValueError(FULL.format(count=LONGEST))
            ticket = next(self._tickets)
            added = Queued(ticket, config, keep, resumes, owner)
            self._waiting.append(added)
            self._changed()
            return added

    def remove(self, ticket: int) -> None:
        """Take a run out of the queue; nothing where it has begun or is gone."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one.ticket != ticket]
            self._changed()

    def rename(self, name: str, new: str) -> None:
        """A run that waits to go on has another name now."""
        with self._lock:
            self._waiting = [
                replace(one, resumes=new) if one.resumes == name else one for one in self._waiting
            ]
            self._changed()

    def forget(self, name: str) -> None:
        """A run that may wait to go on was deleted."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one.resumes != name]
            self._changed()

    def begun_as(self, ticket: int) -> str | None:
        """The name of the run that a ticket became, or None while it waits."""
        with self._lock:
            return self._begun.get(ticket)

    def close(self) -> None:
        """Serve nobody any more."""
        self._closed.set()
        if (server := self._server) is not None:
            server.join()

    def _changed(self) -> None:
        """Write down what waits, and have it served; called with the lock held."""
        words = [
            {
                "config": one.config.to_dict(),
                "keep": one.keep,
                "resumes": one.resumes,
                "owner": one.owner,
            }
            for one in self._waiting
            if not one.problem
        ]
        with contextlib.suppress(OSError):  # it waits all the same, for as long as this server is
            file = self._folder() / _file_of(os.getpid())
            if words:
                left = {"pid": os.getpid(), "since": time.time(), "waiting": words}
                file.write_text(json.dumps(left), "utf-8")
            else:
                file.unlink(missing_ok=True)
        if words and self._server is None:
            self._server = threading.Thread(target=self._serve, name="run queue", daemon=True)
            self._server.start()

    def _take_over(self) -> None:
        """Go on with what ended servers of this machine left waiting."""
        for file in sorted(self._folder().glob(_file_of("*"))):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                left = json.loads(file.read_text("utf-8"))
                if process_lives(left["pid"], left["since"]):
                    continue
                file.unlink()  # another server may see it too: one of the two can
                for one in left["waiting"][:LONGEST]:
                    self.add(
                        TrainConfig.from_dict(one["config"]),
                        keep=bool(one["keep"]),
                        resumes=str(one["resumes"]),
                        owner=str(one["owner"]),
                    )

    def _serve(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            with self._lock:
                waiting = [one for one in self._waiting if not one.problem]
                if not waiting:
                    self._server = None
                    return
            self._try(waiting[0])

    def _try(self, one: Queued) -> None:
        try:
            name, problem = self._start(one), ""
        except ValueError as error:
            name, problem = None, error.args[0]  # in English: a thread has no page
        except OSError as error:
            name, problem = None, str(error)
        with self._lock:
            if name is not None:
                self._begun[one.ticket] = name
                self._waiting = [other for other in self._waiting if other != one]
                self._changed()
            elif problem and one in self._waiting:
                place = self._waiting.index(one)
                self._waiting[place] = replace(one, problem=problem)
                self._changed()
