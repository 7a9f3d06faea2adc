"""Runs that wait until there is room for them; kept in the server's memory, and gone with it."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from explorer.text.language import N_
from vitcore.config import TrainConfig

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
    problem: str = ""  # why it could not be started when its turn had come


class RunQueue:
    """Start runs one after the other, in the order in which they came.

    A thread looks for room while somebody waits, so that a queue is served with no page open.

    Args:
        start: starts one and returns its name, or None while there is no room; ValueError where
            that cannot be done.
    """

    def __init__(self, start: Callable[[Queued], str | None]) -> None:
        self._start = start
        self._waiting: list[Queued] = []
        self._begun: dict[int, str] = {}  # ticket -> name of the run
        self._tickets = itertools.count(1)
        self._lock = threading.Lock()
        self._server: threading.Thread | None = None
        self._closed = threading.Event()

    def __call__(self) -> tuple[Queued, ...]:
        """Those that wait, the next one first."""
        with self._lock:
            return tuple(self._waiting)

    def add(self, config: TrainConfig, *, keep: bool, resumes: str = "") -> Queued:
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
            added = Queued(ticket, config, keep, resumes)
            self._waiting.append(added)
            if self._server is None:
                self._server = threading.Thread(target=self._serve, name="run queue", daemon=True)
                self._server.start()
            return added

    def remove(self, ticket: int) -> None:
        """Take a run out of the queue; nothing where it has begun or is gone."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one.ticket != ticket]

    def rename(self, name: str, new: str) -> None:
        """A run that waits to go on has another name now."""
        with self._lock:
            self._waiting = [
                replace(one, resumes=new) if one.resumes == name else one for one in self._waiting
            ]

    def forget(self, name: str) -> None:
        """A run that may wait to go on was deleted."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one.resumes != name]

    def begun_as(self, ticket: int) -> str | None:
        """The name of the run that a ticket became, or None while it waits."""
        with self._lock:
            return self._begun.get(ticket)

    def close(self) -> None:
        """Serve nobody any more."""
        self._closed.set()
        if (server := self._server) is not None:
            server.join()

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
            elif problem and one in self._waiting:
                place = self._waiting.index(one)
                self._waiting[place] = replace(one, problem=problem)
