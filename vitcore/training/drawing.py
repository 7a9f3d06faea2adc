"""Batches drawn in processes of their own: an accelerator takes steps faster than one core draws.

Nothing here or in what a drawing process imports is Keras: such a process begins in a third of a
second and never touches the accelerator.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from vitcore.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitcore.training.data import Batch

_KEPT = 2  # cores for the training process itself
_MOST = 32  # processes; CIFAR-10 feeds no accelerator faster than these draw

_draw: Callable[[int], Batch]  # in a drawing process, once it began


def count() -> int:
    """How many processes may draw on this machine."""
    return max(1, min(_MOST, (os.cpu_count() or 1) - _KEPT))


def processes(
    number: int, config: TrainConfig, patch_size: int, data_dir: str | Path | None, steps: int
) -> ProcessPoolExecutor:
    """Processes that can be given `draw`.

    Args:
        number: of processes.
        config: the run's.
        patch_size: the model's own, where the config draws none.
        data_dir: where to look for CIFAR-10 first.
        steps: those of the whole run.
    """
    return ProcessPoolExecutor(
        number,
        # Never by fork: what JAX and TensorFlow have running would be copied half.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(config, patch_size, data_dir, steps),
    )


def draw(step: int) -> Batch:
    """The batch of one step; called in a drawing process."""
    return _draw(step)


def _begin(config: TrainConfig, patch_size: int, data_dir: str | Path | None, steps: int) -> None:
    global _draw
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training process to hear
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is there: each process is one core's
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from vitcore.training.data import Pictures

    pictures = Pictures(config, patch_size, data_dir)
    _draw = lambda step: pictures.batch(step, steps)  # noqa: E731


def _end_with_parent() -> None:
    """Where the training process is killed, nobody else would end this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
