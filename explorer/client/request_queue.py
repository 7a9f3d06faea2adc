"""What sessions want from the worker, and whose turn is next."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from explorer.client.results import Problem


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a function in the worker."""

    key: Hashable  # equal keys have equal answers
    function: Callable[..., Any]  # importable in the worker
    arguments: tuple[Any, ...] = ()
    what: str = "Running the model…"  # said while it runs
    warms: Hashable = None  # what need not be warmed after it
    background: bool = False  # comes after everything else that anybody wishes for


class Asker:
    """One session's wishes. It is dropped with the session, and its wishes with it."""

    def __init__(self) -> None:
        self.run = 0  # counts the script runs of this session
        self.running = False
        self.allowance = 0.0  # seconds that this run may still wait
        self.polled = False  # whether a poller, not a person, started this run
        self.waiting: set[Hashable] = set()  # keys that this run went without
        self.problems: dict[Hashable, Problem] = {}
        self.shown: object = None  # the step of the worker's start that this run spoke of
        self.served = 0  # when it was last served, as a count


@dataclass(slots=True)
class Wish:
    run: int
    order: int
    slot: Hashable


@dataclass(slots=True)
class Request:
    task: Task
    wishes: weakref.WeakKeyDictionary[Asker, Wish] = field(
        default_factory=weakref.WeakKeyDictionary
    )


class Queue:
    """Wishes by task. Not safe between threads: the dispatcher holds its lock around each call."""

    def __init__(self) -> None:
        self._requests: dict[Hashable, Request] = {}
        self._running: Request | None = None
        self._count = itertools.count(1)

    def add(self, task: Task, asker: Asker, slot: Hashable) -> None:
        """Wish for a task; a slot's older wish of the same session is dropped."""
        if slot is not None:
            for other in self._requests.values():
                wish = other.wishes.get(asker)
                if wish and wish.slot == slot and other.task.key != task.key:
                    del other.wishes[asker]
        if self._running is not None and self._running.task.key == task.key:
            request = self._running
        else:
            request = self._requests.setdefault(task.key, Request(task))
        old = request.wishes.get(asker)
        order = old.order if old and old.run == asker.run else next(self._count)
        request.wishes[asker] = Wish(asker.run, order, slot)

    def holds(self, key: Hashable, asker: Asker) -> bool:
        """Whether the task is running or this session still waits for it."""
        if self._running is not None and self._running.task.key == key:
            return True
        request = self._requests.get(key)
        return request is not None and asker in request.wishes

    def begin_next(self) -> Request | None:
        """Take the next request.

        What is not for the background first, newest runs first, sessions in turns, then in order
        of asking.
        """
        best: tuple[tuple[bool, bool, int, int], Request] | None = None
        for key, request in list(self._requests.items()):
            for asker, wish in list(request.wishes.items()):
                current = wish.run == asker.run
                if not current and not asker.running:
                    del request.wishes[asker]
                    continue
                rank = (request.task.background, not current, asker.served, wish.order)
                if best is None or rank < best[0]:
                    best = rank, request
            if not request.wishes:
                del self._requests[key]
        self._running = best[1] if best else None
        if self._running is not None:
            del self._requests[self._running.task.key]
            turn = next(self._count)
            for asker in list(self._running.wishes):
                asker.served = turn
        return self._running

    def end(self) -> None:
        """The request taken last is done."""
        self._running = None
