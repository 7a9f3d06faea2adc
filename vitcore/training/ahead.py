"""Batches drawn ahead of the steps that train on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from vitcore.training.data import Pictures
from vitcore.training.drawing import Drawers

_MEMORY = 64 * 2**20  # bytes that may lie ready
_PICTURE = 32 * 32 * 3  # bytes


def depth(batch_size: int, threads: int) -> int:
    """How many batches to draw ahead: two for each thread, fewer where they are large."""
    return max(1, min(2 * threads, _MEMORY // (batch_size * _PICTURE)))


class Ahead:
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
    pictures: Pictures, steps: range, *, of: int, processes: int, data_dir: str | Path | None = None
) -> Iterator[Ahead]:
    """The batches of a run's steps, drawn ahead.

    Args:
        pictures: the run's.
        steps: those that are still to be taken.
        of: how many the whole run takes.
        processes: that draw; 0 means this one, in one thread, as the steps need the cores.
        data_dir: where the processes look for CIFAR-10 first.
    """
    config = pictures.config
    draw, threads = partial(pictures.batch, steps=of), processes or 1
    with ExitStack() as stack:
        if processes and steps:
            own = pictures.patch_size
            drawers = stack.enter_context(Drawers(processes, config, own, data_dir, of))
            draw = drawers.draw
        most = depth(config.batch_size, threads)
        yield stack.enter_context(Ahead(draw, steps, threads=threads, most=most))
