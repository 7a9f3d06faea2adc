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
    from vitcore.training.data import Batch

_KEPT = 2  # cores for the training process itself
_MOST = 32  # processes; no accelerator takes CIFAR-10 faster than these draw
_ROOT = Path(__file__).resolve().parents[2]


def count() -> int:
    """How many processes may draw on this machine."""
    return max(1, min(_MOST, (os.cpu_count() or 1) - _KEPT))


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
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "vitcore.training.drawing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
            for _ in range(number)
        ]
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for process in self.processes:
            with suppress(BrokenPipeError):  # it ended at once; who asks it will know
                _send((config, patch_size, data_dir, steps), process.stdin)
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            with suppress(BrokenPipeError):
                process.stdin.close()
        for process in self.processes:
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
        except (EOFError, BrokenPipeError):
            raise OSError("a process that draws batches ended; its words are above") from None
        finally:
            self._idle.put(process)
        if isinstance(drawn, Exception):
            raise drawn
        return drawn


def _send(what: Any, pipe: Any) -> None:
    pickle.dump(what, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _answer() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training process to hear
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no batch
    config, patch_size, data_dir, steps = pickle.load(sys.stdin.buffer)
    from vitcore.training.data import Pictures

    pictures = Pictures(config, patch_size, data_dir)
    with suppress(EOFError, BrokenPipeError):  # nobody asks any more
        while True:
            step = pickle.load(sys.stdin.buffer)
            try:
                reply = pictures.batch(step, steps)
            except Exception as error:
                reply = error
            _send(reply, replies)


if __name__ == "__main__":
    _answer()
