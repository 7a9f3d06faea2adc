"""Batches drawn in processes of their own: an accelerator takes steps faster than one core draws.

Such a process, `python -m vitcore.training.drawing`, is told once what to draw for, then reads
steps and writes batches until nobody is left to ask. It is no `multiprocessing`, which would run
the caller's own script again. It loads no Keras, begins in a third of a second and never touches
the accelerator.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from vitcore.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitcore.training.data import Batch

_KEPT = 2  # cores for the training process itself
_PATIENCE = 5.0  # seconds that a process whose pipe is closed may take to end
_MOST = 32  # processes; no accelerator takes CIFAR-10 faster than these draw
_ROOT = Path(__file__).resolve().parents[2]


def count() -> int:
    """How many processes may draw on this machine."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS, nor on Windows
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return max(1, min(_MOST, cores - _KEPT))


class Drawers:
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
        command = [sys.executable, "-P", "-m", "vitcore.training.drawing"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.processes: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        try:
            for _ in range(number):
                self.processes.append(subprocess.Popen(command, env=environment, **pipes))
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
                process.stdin.close()
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()  # one that hangs must not keep the run from its end
            process.wait()
            process.stdout.close()

    def draw(self, step: int) -> Batch:
        """The batch of one step; may be called from as many threads as there are processes.

        Raises:
            OSError: if a process is gone. What goes wrong while it draws is raised as it is.
        """
        process = self._idle.get()
        try:
            _send(step, process.stdin)
            drawn = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise OSError(f"a data-loading process ended {_how_ended(process)}") from None
        finally:
            self._idle.put(process)
        if isinstance(drawn, Exception):
            raise drawn
        return drawn


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
        from vitcore.training.data import Pictures

        pictures = Pictures(config, patch_size, data_dir)
    except Exception as error:
        return lambda _, said=error: said

    def draw(step: int) -> Any:
        try:
            return pictures.batch(step, steps)
        except Exception as error:
            return error

    return draw


if __name__ == "__main__":
    _answer()
