"""Batches made ahead of the steps that train on them, in threads or in processes of their own.

An accelerator takes steps faster than one core makes batches. A worker process,
`python -m vitcore.training.prefetch`, is told once what to make them for, then reads steps and
writes batches until nobody is left to ask. It is no `multiprocessing`, which would run the
caller's own script again. It loads no Keras, begins in a third of a second and never touches the
accelerator.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from vitcore.config import TrainConfig

if TYPE_CHECKING:
    from vitcore.training.data import Batch, TrainingData

_MEMORY = 64 * 2**20  # bytes that may lie ready
_IMAGE = 32 * 32 * 3  # bytes

_FREE_CORES = 2  # cores for the training process itself
_PATIENCE = 5.0  # seconds that a process whose pipe is closed may take to end
_MOST = 32  # processes; no accelerator takes CIFAR-10 faster than these draw
_ROOT = Path(__file__).resolve().parents[2]


def depth(batch_size: int, threads: int) -> int:
    """How many batches to draw ahead: two for each thread, fewer where they are large."""
    return max(1, min(2 * threads, _MEMORY // (batch_size * _IMAGE)))


class Prefetcher:
    """Draws in threads what the next steps need, in order.

    A batch is a pure function of its step, so that neither the number of threads, which may have
    processes draw, nor their speed changes what is trained on.

    Args:
        draw: makes the batch of one step, from 0; called from several threads.
        steps: those wanted, in order.
        threads: how many draw at once.
        most: how many batches may be ready or in work.
    """

    def __init__(
        self, draw: Callable[[int], Any], steps: range, *, threads: int = 1, most: int = 1
    ) -> None:
        self._draw, self._steps, self._most = draw, iter(steps), most
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="batches")
        self._drawn: deque[Future[Any]] = deque()

    def __enter__(self) -> Self:
        self._fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _fill(self) -> None:
        while len(self._drawn) < self._most and (step := next(self._steps, None)) is not None:
            self._drawn.append(self._pool.submit(self._draw, step))

    def take(self) -> Any:
        """The next step's batch; an error in drawing it is raised here."""
        batch = self._drawn.popleft().result()
        self._fill()
        return batch


@contextmanager
def batches(
    images: TrainingData,
    steps: range,
    *,
    of: int,
    processes: int,
    data_dir: str | Path | None = None,
) -> Iterator[Prefetcher]:
    """The batches of a run's steps, drawn ahead.

    Args:
        images: the run's.
        steps: those that are still to be taken.
        of: how many the whole run takes.
        processes: that draw; 0 means this one, in one thread, as the steps need the cores.
        data_dir: where the processes look for CIFAR-10 first.
    """
    config = images.config
    draw: Callable[[int], Batch] = partial(images.batch, steps=of)
    threads = processes or 1
    with ExitStack() as stack:
        if processes and steps:
            own = images.patch_size
            drawers = stack.enter_context(BatchWorkers(processes, config, own, data_dir, of))
            draw = drawers.draw
        most = depth(config.batch_size, threads)
        yield stack.enter_context(Prefetcher(draw, steps, threads=threads, most=most))


def worker_count() -> int:
    """How many processes may draw on this machine."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS, nor on Windows
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return max(1, min(_MOST, cores - _FREE_CORES))


class BatchWorkers:
    """Processes that draw the batches of one run.

    Args:
        number: of processes.
        config: the run's.
        patch_size: the model's own, where the config draws none.
        data_dir: where to look for CIFAR-10 first.
        steps: those of the whole run.
    """

    def __init__(
        self,
        number: int,
        config: TrainConfig,
        patch_size: int,
        data_dir: str | Path | None,
        steps: int,
    ) -> None:
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        # Each is one core's: NumPy would start threads for all cores.
        environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
        # -P: else a file in the present folder could stand in for a module.
        command = [sys.executable, "-P", "-m", "vitcore.training.prefetch"]
        self.processes: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        try:
            for _ in range(number):
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
                self.processes.append(process)
        except OSError:
            self.__exit__()
            raise
        for process in self.processes:
            with suppress(OSError):  # it ended at once; who asks it will know
                _send((config, patch_size, data_dir, steps), process.stdin)
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            with suppress(OSError):
                _pipes(process)[0].close()
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()  # one that hangs must not keep the run from its end
            process.wait()
            _pipes(process)[1].close()

    def draw(self, step: int) -> Batch:
        """The batch of one step; may be called from as many threads as there are processes.

        Raises:
            OSError: if a process is gone. What goes wrong while it draws is raised as it is.
        """
        process = self._idle.get()
        try:
            _send(step, process.stdin)
            drawn = pickle.load(_pipes(process)[1])
        except (EOFError, OSError, pickle.UnpicklingError):
            raise OSError(f"a data-loading process ended {_how_ended(process)}") from None
        finally:
            self._idle.put(process)
        if isinstance(drawn, Exception):
            raise drawn
        return drawn


def _pipes(process: subprocess.Popen[bytes]) -> tuple[Any, Any]:
    """What it reads and what it writes; both are pipes, as asked for."""
    return process.stdin, process.stdout


def _send(what: Any, pipe: Any) -> None:
    pickle.dump(what, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _how_ended(process: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        status = process.wait(_PATIENCE)
        return f"by signal {-status}" if status < 0 else f"with exit status {status}"
    return "to answer"


def _answer() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training process to hear
    replies = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no batch
    # Where the message is cut short nobody asks any more.
    with open(replies, "wb") as pipe, suppress(EOFError, OSError, pickle.UnpicklingError):
        config, patch_size, data_dir, steps = pickle.load(sys.stdin.buffer)
        draw = _drawing(config, patch_size, data_dir, steps)
        while True:
            _send(draw(pickle.load(sys.stdin.buffer)), pipe)


def _drawing(
    config: TrainConfig, patch_size: int, data_dir: str | Path | None, steps: int
) -> Callable[[int], Any]:
    """What gives the batch of a step, or what went wrong."""
    try:
        from vitcore.training.data import TrainingData

        images = TrainingData(config, patch_size, data_dir)
    except Exception as error:
        wrong = error
        return lambda _: wrong

    def draw(step: int) -> Any:
        try:
            return images.batch(step, steps)
        except Exception as error:
            return error

    return draw


if __name__ == "__main__":
    _answer()
