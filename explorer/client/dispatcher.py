"""One queue before one worker process: the newest requests first, each result once, a deadline."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Hashable
from concurrent.futures import BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, replace
from typing import Any, Protocol

from loky.process_executor import ShutdownExecutorError

from explorer import logs
from explorer.client.request_queue import Queue, Request, Session, Task
from explorer.client.result_cache import ResultCache, is_finite, protect
from explorer.results import Failure, Pending, Ready, Result
from explorer.text.language import N_, tr

_log = logging.getLogger(__name__)
_FOR_THE_BROWSER = 0.7  # seconds that it takes to show a page, about
_STARTING = Task("start", str, message=N_("Starting the model process…"))
_STILL = 0.02  # of the time that passes: a process that had less of the processor stands still
_ATTEMPTS = 2  # a request that finds its worker dead is asked once more


class Worker(Protocol):
    """An executor with one process, here or on another machine."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Run a function there; what it gives is broken or cancelled where the process is lost."""

    def processor_seconds(self) -> float:
        """Time of a processor that the process had for its last task; 0 where nothing tells."""

    def memory(self) -> int:
        """Bytes that the process holds in this machine's memory; 0 where nothing tells."""

    def shutdown(self, *, wait: bool, kill_workers: bool) -> None:
        """End the process, also where it stands still."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """How a worker is."""

    state: str  # as of `Dispatcher.state`
    waiting: int  # requests before it
    memory: int  # as of `Worker.memory`


class Dispatcher:
    """Passes tasks to the worker one at a time and keeps the results.

    Of a session's requests those of its newest script run come first, in the order in which they
    were made; sessions take turns. Requests that a finished run no longer made are dropped.

    Args:
        start: makes a worker.
        first_steps: tasks that every new worker runs before any other.
        explain: turns an exception of a task into what a person reads.
        idle: given what is warm, one more thing to warm, or None.
        deadline: seconds for one task; of the processor, where the worker does not stand still.
        first_deadline: the same for one of the first steps, which import the libraries.
        head_start: seconds for which the worker is not started yet unless a page was drawn, so
            that the first page has the machine to itself; nobody waits for a worker till then.
        limit: bytes of results to keep.
    """

    def __init__(
        self,
        start: Callable[[], Worker],
        *,
        first_steps: Callable[[], list[Task]] = list,
        explain: Callable[[Exception], Failure] | None = None,
        idle: Callable[[set[Hashable]], Task | None] = lambda warm: None,  # noqa: ARG005
        deadline: float = 30.0,
        first_deadline: float = 120.0,
        head_start: float = 0.0,
        limit: int = 64 * 2**20,
    ) -> None:
        self._start = start
        self._first_steps = first_steps
        self._explain = explain or (lambda error: Failure(str(error), N_("Change the selection.")))
        self._idle = idle
        self._deadline = deadline
        self._first_deadline = first_deadline
        self._head_start = head_start
        self._page_drawn = False
        self._changed = threading.Condition()
        self._queue = Queue()
        self._results = ResultCache(limit)
        self._one_here = threading.Lock()  # many at once would keep the worker from starting
        self._waiting: weakref.WeakSet[Session] = weakref.WeakSet()
        self._executor: Worker | None = None
        self._ready = False
        self._warm: set[Hashable] = set()
        self._cannot_start = False
        self._starting: tuple[Task, float] | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    # Called by script threads.

    def open(self) -> None:
        """Start the worker, without waiting for it."""
        with self._changed:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)
                self._thread.start()

    def status(self) -> WorkerStatus:
        """How the worker is at this moment."""
        executor = self._executor
        with self._changed:
            waiting = len(self._queue)
        return WorkerStatus(self.state, waiting, executor.memory() if executor else 0)

    @property
    def state(self) -> str:
        """Of the worker: "ready", "starting", "ended" until something is asked, or "failed"."""
        if self._thread is not None and not self._thread.is_alive():
            return "failed"
        if self._ready:
            return "ready"
        if not self._cannot_start:
            return "starting"
        return "ended" if self._starting is None else "failed"  # by a task, or by a first step

    def close(self) -> None:
        """End the worker; every request fails."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._discard_worker(wait=True)
        if self._thread is not None:
            self._thread.join(timeout=5)

    def begin(self, session: Session, *, allowance: float) -> None:
        """A script run of this session begins; in all it may wait `allowance` seconds."""
        with self._changed:
            session.run += 1
            session.running = True
            # A poller comes again by itself; what a person did is worth a moment and a new try.
            session.allowance = 0.0 if session.polled else allowance
            session.waiting.clear()
            if not session.polled:
                session.failures.clear()
            session.polled = False

    def end(self, session: Session) -> int:
        """The run is over: what it did not ask for again is dropped.

        Returns:
            How many sessions wait, where this is one of them; else 0.
        """
        with self._changed:
            session.running = False
            session.allowance = 0.0
            self._page_drawn = True
            self._changed.notify_all()
            if not session.waiting:
                self._waiting.discard(session)
                return 0
            self._waiting.add(session)
            return len(self._waiting)

    def ask(
        self,
        task: Task,
        session: Session,
        *,
        slot: Hashable = None,
        patience: float | None = None,
        notify: bool = True,
    ) -> Result[Any]:
        """The result; what is there already is `Ready` at once.

        Args:
            task: what to ask.
            session: the session that asks.
            slot: of one slot only the newest subscription is kept.
            patience: seconds to wait; by default what the run's allowance leaves.
            notify: whether its result is news for which the page runs again.
        """
        self.open()
        self._compute_here(task, session.allowance if patience is None else patience)
        with self._changed:
            if (value := self._results.get(task.key)) is not None:
                return Ready(value)
            if failure := session.failures.get(task.key):
                return failure.said()
            self._queue.add(task, session, slot)
            self._changed.notify_all()
            started = time.monotonic()
            limit = session.allowance if patience is None else patience
            if self._head_start and not self._ready:
                limit = 0.0
            settled = self._changed.wait_for(
                lambda: not self._queue.holds(task.key, session), timeout=max(0.0, limit)
            )
            if patience is None:
                session.allowance -= time.monotonic() - started
            if settled:
                if (value := self._results.get(task.key)) is not None:
                    return Ready(value)
                if failure := session.failures.get(task.key):
                    return failure.said()
            if notify:
                session.waiting.add(task.key)
            session.shown = self._starting
            return self._waiting_for(task)

    def _compute_here(self, task: Task, patience: float) -> None:
        """Add to the results what need not wait for a worker that still starts."""

        def superfluous() -> bool:
            with self._changed:
                return self._ready or self._results.get(task.key) is not None

        if task.here is None or superfluous():
            return
        if not self._one_here.acquire(timeout=max(0.0, patience)):
            return
        try:
            if not superfluous():
                value = task.here()
                if is_finite(value):  # else the worker says so
                    protect(value)
                    with self._changed:
                        self._results.put(task.key, value)
        except Exception:  # the worker says what is wrong
            _log.debug("not computed here", exc_info=True)
        finally:
            self._one_here.release()

    def settled(self, session: Session) -> bool:
        """Whether there is news about something that this session waits for."""
        with self._changed:
            if not session.waiting:
                return False
            return session.shown is not self._starting or any(
                not self._queue.holds(key, session) for key in session.waiting
            )

    # Helpers that hold the lock.

    def _waiting_for(self, task: Task) -> Pending:
        if self._ready:
            return Pending(task.message)
        step, done = self._starting or (_STARTING, 0.0)
        return Pending(tr(step.message, model=step.about), "", done)

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
            logs.request.set(request.name if request else "")
            if request is not None:
                self._finish(request, self._run(request.task))
            else:
                self._run(warm)

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
            self._warm.add(task.warms_up)  # once, whether it succeeds or not
        return task

    def _run(self, task: Task | None) -> Any:
        """What the worker says, or a Failure; None asks only for a worker that is ready."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._prepare()
                if task is None:
                    return None
                answer = self._call(task, self._deadline)
                self._warm.add(task.warms_up)
                if not is_finite(answer):  # no figure can be drawn of it, and no sentence written
                    raise FloatingPointError
                return answer
            except _TimeoutError:
                _log.error("no answer in time: %s", task.key if task else "starting")
                limit = self._deadline if self._ready else self._first_deadline
                self._cannot_start = not self._ready
                self._discard_worker()
                return Failure(
                    N_("Timed out after {seconds} s; the model process was restarted."),
                    N_("Use a larger patch size or try again."),
                    {"seconds": f"{limit:.0f}"},
                )
            except (BrokenExecutor, CancelledError, ShutdownExecutorError) as error:
                self._discard_worker()
                if self._closing:
                    break
                _log.warning("the model's process ended (attempt %d): %r", attempt, error)
            except Exception as error:
                said = self._explained(error)
                if not self._ready:
                    self._discard_worker()
                    self._cannot_start = True
                    if not isinstance(error, ConnectionError):  # which may come again by itself
                        said = replace(said, hint=N_("Restart the app."))
                return said
        self._cannot_start = not self._ready
        return Failure(
            N_("The model process crashed and was restarted."),
            N_("If it ran out of memory, use a larger patch size."),
        )

    def _explained(self, error: Exception) -> Failure:
        try:
            return self._explain(error)
        except Exception:
            _log.exception("an error that cannot be explained")
            return Failure(N_("Unexpected error in the model process."), N_("Reload the page."))

    def _prepare(self) -> None:
        if self._ready:
            return
        if self._closing:
            raise BrokenExecutor("the server is shutting down")
        steps = self._first_steps()
        self._starting = _STARTING, 0.0
        self._executor = self._executor or self._start()
        for done, step in enumerate(steps):
            self._starting = step, done / len(steps)
            self._call(step, self._first_deadline)
            self._warm.add(step.warms_up)
        self._ready = True
        self._cannot_start = False
        self._starting = None

    def _call(self, task: Task, deadline: float) -> Any:
        executor = self._executor
        if executor is None or self._closing:
            raise BrokenExecutor("the worker is gone")
        future = executor.submit(task.function, *task.arguments)
        used = 0.0
        while not wait([future], timeout=deadline).done:  # others may have had the processor
            last, used = used, executor.processor_seconds()
            if used >= deadline or used - last < _STILL * deadline:
                raise _TimeoutError
        return future.result()

    def _finish(self, request: Request, value: Any) -> None:
        protect(value)
        with self._changed:
            self._queue.end()
            if isinstance(value, Failure):
                for session in list(request.subscribers):
                    session.failures[request.task.key] = value
            else:
                self._results.put(request.task.key, value)
            self._changed.notify_all()

    def _discard_worker(self, *, wait: bool = False) -> None:
        with self._changed:
            executor, self._executor = self._executor, None
            self._ready = False
            self._warm.clear()
        if executor is not None:
            executor.shutdown(wait=wait, kill_workers=True)


class _TimeoutError(Exception):
    """The worker did not answer before the deadline."""
