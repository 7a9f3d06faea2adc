"""The model's process on a cluster: one of its workers, which stays the same until it is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from typing import Any

from explorer import cluster

_PATIENCE = 5.0  # seconds in which a worker that does not stand still says what it is asked


class ClusterWorker:
    """Runs tasks in a worker of the cluster, as an executor with one process does.

    Chosen is one with least to do. What was asked of it is cancelled when it is lost.

    Raises:
        ClusterError: if there is no cluster.
    """

    def __init__(self) -> None:
        self._client = cluster.connect()
        self._address = cluster.least_busy(self._client)
        self._executor = self._client.get_executor(pure=False, workers=[self._address])
        self._future: Future[Any] | None = None
        self._client.subscribe_topic(self._address, self._hear)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function of ours there.

        Raises:
            BrokenExecutor: if the worker is gone.
        """
        if self._client.status != "running":
            raise BrokenExecutor(f"worker {self._address} is gone")
        self._future = self._executor.submit(_run, function, *arguments)
        return self._future

    def processor_seconds(self) -> float:
        """Time that the worker had since it began what was last asked; 0 where it says nothing."""
        return self._tell(_processor_seconds) or 0.0

    def memory(self) -> int:
        """0: the memory is another machine's, which dask shows."""
        return 0

    def shutdown(self, *, wait: bool, kill_workers: bool = True) -> None:
        """Let go of the worker, and end its process where nothing else ends what it does.

        Args:
            wait: the server ends: what it asked last may go on to its end.
            kill_workers: as loky's.
        """
        stuck = self._future is not None and not self._future.done()
        if stuck and kill_workers and not wait:
            self._tell(_kill, nanny=True)
        self._close()

    def _close(self) -> None:
        """Let go of the cluster; what was asked last is cancelled."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.close()

    def _tell(self, function: Callable[..., Any], *, nanny: bool = False) -> Any:
        """What a function says in the worker, beside its tasks, or in the process that watches it.

        None where there is no answer.
        """
        try:
            return self._client.sync(
                self._client._run,
                function,
                workers=[self._address],
                nanny=nanny,
                callback_timeout=_PATIENCE,
            )[self._address]
        except Exception:
            return None

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        if event[1].get("action") == "remove-worker":
            # In a thread of its own: this one is dask's, for which it waits.
            threading.Thread(target=self._close, daemon=True).start()


class _Task:
    """In the worker, what it does for us; its models serve one question at a time."""

    alone = threading.Lock()
    before = 0.0  # time of the processor when it began


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    with _Task.alone:
        _Task.before = _seconds()
        return function(*arguments)


def _processor_seconds() -> float:
    return _seconds() - _Task.before


def _seconds() -> float:
    """Time of the processor of this process but for its main thread, where dask is never idle."""
    clock = getattr(time, "pthread_getcpuclockid", None)
    if clock is None:
        return time.process_time()
    return time.process_time() - time.clock_gettime(clock(threading.main_thread().ident))


def _kill(dask_worker: Any) -> None:
    """End the process of a worker; what watches it, and runs this, starts another."""
    os.kill(dask_worker.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
