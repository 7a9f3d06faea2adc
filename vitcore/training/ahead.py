"""Batches drawn ahead of the steps that train on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Self

_MEMORY = 64 * 2**20  # bytes that may lie ready
_PICTURE = 32 * 32 * 3  # bytes


def depth(batch_size: int, drawing: int) -> int:
    """How many batches to draw ahead: two for each that draws, fewer where they are large."""
    return max(1, min(2 * drawing, _MEMORY // (batch_size * _PICTURE)))


class Ahead:
    """Draws in threads or processes what the next steps need, in order.

    A batch is a pure function of its step, so that neither the number of those that draw nor
    their speed changes what is trained on.

    Args:
        draw: makes the batch of one step, from 0; several may be at it at once.
        steps: those wanted, in order.
        pool: who draws; it is shut down at the end.
        most: how many batches may be ready or in work.
    """

    def __init__(
        self, draw: Callable[[int], Any], steps: range, *, pool: Executor, most: int = 1
    ) -> None:
        self._draw, self._steps, self._most = draw, iter(steps), most
        self._pool = pool
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
