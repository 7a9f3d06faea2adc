"""One queue before one worker process: the newest wishes first, each answer once, a deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import BrokenExecutor, Executor, wait
from typing import Any

from loky.process_executor import ShutdownExecutorError

from explorer.client.request_queue import Asker, Queue, Request, Task
from explorer.client.results import Answers, Problem, Waiting, protect

_log = logging.getLogger(__name__)
_FOR_THE_BROWSER = 0.7  # seconds that it takes to show a page, about
_STARTING = "Starting the model process…"
_ATTEMPTS = 2  # a request that finds its worker dead is asked once more


class Dispatcher:
    """Passes tasks to the worker one at a time and keeps the answers.

    Of a session's wishes those of its newest script run come first, in the order in which they
    were made; sessions take turns. Wishes that a finished run no longer made are dropped.

    Args:
        start: makes an executor with one process.
        first_steps: tasks that every new worker runs before any other.
        explain: turns an exception of a task into what a person reads.
        idle: given what is warm, one more thing to warm, or None.
        deadline: seconds for one task.
        first_deadline: seconds for one of the first steps, which import the libraries.
        head_start: seconds for which the worker is not started yet unless a page was drawn, so
            that the first page has the machine to itself; nobody waits for a worker till then.
        room: bytes of answers to keep.
    """

    def __init__(
        self,
        start: Callable[[], Executor],
        *,
        first_steps: Callable[[], list[Task]] = list,
        explain: Callable[[Exception], Problem] | None = None,
        idle: Callable[[set[Hashable]], Task | None] = lambda warm: None,  # noqa: ARG005
        deadline: float = 30.0,
        first_deadline: float = 120.0,
        head_start: float = 0.0,
        room: int = 64 * 2**20,
    ) -> None:
        self._start = start
        self._first_steps = first_steps
        self._explain = explain or (lambda error: Problem(str(error), "Change the selection."))
        self._idle = idle
        self._deadline = deadline
        self._first_deadline = first_deadline
        self._head_start = head_start
        self._page_drawn = False
        self._changed = threading.Condition()
        self._queue = Queue()
        self._answers = Answers(room)
        self._executor: Executor | None = None
        self._ready = False
        self._warm: set[Hashable] = set()
        self._cannot_start = False
        self._starting: tuple[str, float] | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    # Called by script threads.

    def open(self) -> None:
        """Start the worker, without waiting for it."""
        with self._changed:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the worker; every wish becomes a problem."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._discard_worker(wait=True)
        if self._thread is not None:
            self._thread.join(timeout=5)

    def begin(self, asker: Asker, *, allowance: float) -> None:
        """A script run of this session begins; in all it may wait `allowance` seconds."""
        with self._changed:
            asker.run += 1
            asker.running = True
            # A poller comes again by itself; what a person did is worth a moment and a new try.
            asker.allowance = 0.0 if asker.polled else allowance
            asker.waiting.clear()
            if not asker.polled:
                asker.problems.clear()
            asker.polled = False

    def end(self, asker: Asker) -> None:
        """The run is over: what it did not ask for again is dropped."""
        with self._changed:
            asker.running = False
            asker.allowance = 0.0
            self._page_drawn = True
            self._changed.notify_all()

    def ask(
        self,
        task: Task,
        asker: Asker,
        *,
        slot: Hashable = None,
        patience: float | None = None,
        heeded: bool = True,
    ) -> Any:
        """The answer, or `Waiting` or `Problem`.

        Args:
            task: what to ask.
            asker: the session that asks.
            slot: of one slot only the newest wish is kept.
            patience: seconds to wait; by default what the run's allowance leaves.
            heeded: whether its answer is news for which the page runs again.
        """
        self.open()
        with self._changed:
            if (answer := self._answers.get(task.key)) is not None:
                return answer
            if problem := asker.problems.get(task.key):
                return problem
            self._queue.add(task, asker, slot)
            self._changed.notify_all()
            started = time.monotonic()
            limit = asker.allowance if patience is None else patience
            if self._head_start and not self._ready:
                limit = 0.0
            settled = self._changed.wait_for(
                lambda: not self._queue.holds(task.key, asker), timeout=max(0.0, limit)
            )
            if patience is None:
                asker.allowance -= time.monotonic() - started
            if settled:
                if (answer := self._answers.get(task.key)) is not None:
                    return answer
                if problem := asker.problems.get(task.key):
                    return problem
            if heeded:
                asker.waiting.add(task.key)
            asker.shown = self._starting
            return self._waiting_for(task)

    def settled(self, asker: Asker) -> bool:
        """Whether there is news about something that this session waits for."""
        with self._changed:
            if not asker.waiting:
                return False
            return asker.shown is not self._starting or any(
                not self._queue.holds(key, asker) for key in asker.waiting
            )

    # Helpers that hold the lock.

    def _waiting_for(self, task: Task) -> Waiting:
        if self._ready:
            return Waiting(task.what, "")
        what, done = self._starting or (_STARTING, 0.0)
        return Waiting(what, "", done)

    # The dispatcher's own thread.

    def _serve(self) -> None:
        self._let_the_first_page_go_before()
        while not self._closing:
            with self._changed:
                request = self._queue.begin_next()
                warm = self._next_to_warm() if request is None and self._ready else None
                if request is None and warm is None and (self._ready or self._cannot_start):
                    self._changed.wait()
                    continue
            if request is not None:
                self._finish(request, self._answer(request.task))
            else:
                self._answer(warm)

    def _let_the_first_page_go_before(self) -> None:
        with self._changed:
            drawn = self._changed.wait_for(
                lambda: self._closing or self._page_drawn, timeout=self._head_start
            )
            if drawn and self._head_start:  # the browser is still busy with what it got
                self._changed.wait_for(lambda: self._closing, timeout=_FOR_THE_BROWSER)

    def _next_to_warm(self) -> Task | None:
        try:
            task = self._idle(self._warm)
        except Exception:
            _log.exception("nothing is warmed")
            return None
        if task is not None:
            self._warm.add(task.warms)  # once, whether it succeeds or not
        return task

    def _answer(self, task: Task | None) -> Any:
        """What the worker says, or a Problem; None asks only for a worker that is ready."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._prepare()
                if task is None:
                    return None
                answer = self._call(task, self._deadline)
                self._warm.add(task.warms)
                return answer
            except _TooLateError:
                _log.error("no answer in time: %s", task.key if task else "starting")
                limit = self._deadline if self._ready else self._first_deadline
                self._cannot_start = not self._ready
                self._discard_worker()
                return Problem(
                    f"Timed out after {limit:.0f} s; the model process was restarted.",
                    "Use a larger patch size or try again.",
                )
            except (BrokenExecutor, ShutdownExecutorError) as error:
                self._discard_worker()
                if self._closing:
                    break
                _log.warning("the model's process ended (attempt %d): %r", attempt, error)
            except Exception as error:
                if not self._ready:
                    self._discard_worker()
                    self._cannot_start = True
                return self._explained(error)
        self._cannot_start = not self._ready
        return Problem(
            "The model process crashed and was restarted.",
            "If it ran out of memory, use a larger patch size.",
        )

    def _explained(self, error: Exception) -> Problem:
        try:
            return self._explain(error)
        except Exception:
            _log.exception("an error that cannot be explained")
            return Problem("Unexpected error in the model process.", "Reload the page.")

    def _prepare(self) -> None:
        if self._ready:
            return
        if self._closing:
            raise BrokenExecutor("the server is shutting down")
        steps = self._first_steps()
        self._starting = _STARTING, 0.0
        self._executor = self._executor or self._start()
        for done, step in enumerate(steps):
            self._starting = step.what, done / len(steps)
            self._call(step, self._first_deadline)
            self._warm.add(step.warms)
        self._ready = True
        self._cannot_start = False
        self._starting = None

    def _call(self, task: Task, deadline: float) -> Any:
        executor = self._executor
        if executor is None or self._closing:
            raise BrokenExecutor("the worker is gone")
        future = executor.submit(task.function, *task.arguments)
        if not wait([future], timeout=deadline).done:
            raise _TooLateError
        return future.result()

    def _finish(self, request: Request, answer: Any) -> None:
        protect(answer)
        with self._changed:
            self._queue.end()
            if isinstance(answer, Problem):
                for asker in list(request.wishes):
                    asker.problems[request.task.key] = answer
            else:
                self._answers.put(request.task.key, answer)
            self._changed.notify_all()

    def _discard_worker(self, *, wait: bool = False) -> None:
        with self._changed:
            executor, self._executor = self._executor, None
            self._ready = False
            self._warm.clear()
        if executor is not None:
            executor.shutdown(wait=wait, kill_workers=True)


class _TooLateError(Exception):
    """The worker did not answer before the deadline."""
