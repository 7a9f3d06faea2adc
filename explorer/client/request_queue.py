"""What sessions ask of the worker, and whose turn is next."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from explorer import logs
from explorer.results import Failure


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a function in the worker."""

    key: Hashable  # equal keys have equal results
    function: Callable[..., Any]  # importable in the worker
    arguments: tuple[Any, ...] = ()
    message: str = ""  # said while it runs
    about: str = ""  # of a step of the start: the model in its message, which is in English
    warms_up: Hashable = None  # what need not be warmed after it
    background: bool = False  # comes after everything else that anybody asks for
    here: Callable[[], Any] | None = None  # the same in this process, until there is a worker


class Session:
    """What one browser session asks; it is dropped with that session, and its requests with it."""

    def __init__(self) -> None:
        self.run = 0  # counts the script runs of this session
        self.running = False
        self.allowance = 0.0  # seconds that this run may still wait
        self.polled = False  # whether a poller, not a person, started this run
        self.waiting: set[Hashable] = set()  # keys that this run went without
        self.failures: dict[Hashable, Failure] = {}
        self.shown: object = None  # the step of the worker's start that this run spoke of
        self.served = 0  # when it was last served, as a count


@dataclass(slots=True)
class Subscription:
    """That one session waits for a request: since which run, in which order and slot."""

    run: int
    order: int
    slot: Hashable


@dataclass(slots=True)
class Request:
    task: Task
    name: str  # in the log: of the script run that asked first
    subscribers: weakref.WeakKeyDictionary[Session, Subscription] = field(
        default_factory=weakref.WeakKeyDictionary
    )


class Queue:
    """Requests by task. Not thread-safe: the dispatcher holds its lock around each call."""

    def __init__(self) -> None:
        self._requests: dict[Hashable, Request] = {}
        self._running: Request | None = None
        self._count = itertools.count(1)

    def __len__(self) -> int:
        """How many wait, without the one that is asked just now."""
        return len(self._requests)

    def add(self, task: Task, session: Session, slot: Hashable) -> None:
        """Ask for a task; what the same session asked before in the same slot is dropped."""
        if slot is not None:
            for other in self._requests.values():
                subscription = other.subscribers.get(session)
                if subscription and subscription.slot == slot and other.task.key != task.key:
                    del other.subscribers[session]
        if self._running is not None and self._running.task.key == task.key:
            request = self._running
        else:
            request = self._requests.setdefault(task.key, Request(task, logs.request.get()))
        old = request.subscribers.get(session)
        order = old.order if old and old.run == session.run else next(self._count)
        request.subscribers[session] = Subscription(session.run, order, slot)

    def holds(self, key: Hashable, session: Session) -> bool:
        """Whether the task is running or this session still waits for it."""
        if self._running is not None and self._running.task.key == key:
            return True
        request = self._requests.get(key)
        return request is not None and session in request.subscribers

    def begin_next(self) -> Request | None:
        """Take the next request.

        What is not for the background first, newest runs first, sessions in turns, then in order
        of asking.
        """
        best: tuple[tuple[bool, bool, int, int], Request] | None = None
        for key, request in list(self._requests.items()):
            for session, subscription in list(request.subscribers.items()):
                current = subscription.run == session.run
                if not current and not session.running:
                    del request.subscribers[session]
                    continue
                rank = (request.task.background, not current, session.served, subscription.order)
                if best is None or rank < best[0]:
                    best = rank, request
            if not request.subscribers:
                del self._requests[key]
        self._running = best[1] if best else None
        if self._running is not None:
            del self._requests[self._running.task.key]
            turn = next(self._count)
            for session in list(self._running.subscribers):
                session.served = turn
        return self._running

    def end(self) -> None:
        """The request taken last is done."""
        self._running = None
