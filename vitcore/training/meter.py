"""What the steps brought: their losses, fetched late so that an accelerator need not wait."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple

from vitcore.config import TrainConfig
from vitcore.training.divergence import DivergedError, named
from vitcore.training.windows import Windows


class Step(NamedTuple):
    """One step on its way; `loss` and `right` may still be computed."""

    number: int  # from 1
    loss: Any
    right: Any  # share of right answers
    pictures: int
    rate: float
    patch_size: int


class Meter:
    """Means over the steps since the last point of the curve.

    Args:
        late: how many steps may be under way before the loss of the oldest is waited for. Where
            a step ends before the next can begin, 0: a loss that is no number is seen at once.
        config: of the run.
    """

    def __init__(self, late: int = 0, *, config: TrainConfig) -> None:
        self._late, self._config = late, config
        self._under_way: deque[Step] = deque()
        self.windows = Windows()
        self._clear()

    def _clear(self) -> None:
        self._loss = self._right = 0.0
        self.pictures = 0  # in steps that were waited for
        self._last: Step | None = None
        self.seconds = 0.0  # spent on these steps, not on a validation or checkpoint between

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time inside as spent on steps."""
        started = monotonic()
        try:
            yield
        finally:
            self.seconds += monotonic() - started

    def add(self, step: Step) -> None:
        """Take in a step, and wait for those that are late.

        Raises:
            DivergedError: as `settle`.
        """
        self._under_way.append(step)
        self._wait(self._late)

    def settle(self) -> None:
        """Wait for all steps.

        Raises:
            DivergedError: if a loss is not finite; names the first such step, however many
                were begun after it.
        """
        self._wait(0)

    def _wait(self, late: int) -> None:
        while len(self._under_way) > late:
            step = self._under_way.popleft()
            loss = float(step.loss)
            if not math.isfinite(loss):
                what = f"Loss is {named(loss)} at step {step.number:,}"
                raise DivergedError(
                    f"{what} (learning rate {step.rate:.3g})",
                    step=step.number - 1,
                    config=self._config,
                )
            right = float(step.right)
            self.windows.add(step.number, loss, right, step.pictures, step.rate)
            self._loss += loss * step.pictures
            self._right += right * step.pictures
            self.pictures += step.pictures
            self._last = step

    def take(self) -> dict[str, Any]:
        """One point of the curve, from the steps that were waited for; then begin anew."""
        count = max(1, self.pictures)
        values = {
            "loss": self._loss / count,
            "accuracy": self._right / count,
            "learning_rate": self._last.rate if self._last else None,
            "images_per_second": self.pictures / max(self.seconds, 1e-9),
            "patch_size": self._last.patch_size if self._last else None,
            "points": self.windows.take(),
        }
        self._clear()
        return values
