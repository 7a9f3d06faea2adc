"""Metrics of steps: read late, so that no accelerator need wait, and averaged for a curve."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple

from vitcore.config import TrainConfig
from vitcore.training.exit_status import DivergedError, named

_SINGLE = 7  # the first 2**7 steps are a point each
_DIGITS = 7  # of a mean; float32 has no more


def window_length(step: int) -> int:
    """How many steps share the point of `step`, counted from 1.

    1 up to step 128, 2 up to step 256, 4 up to step 512, and so on: whatever the length of a
    run, 64 points lie in its second half, and two runs of one seed have the same ones.
    """
    return 1 << max(0, (step - 1).bit_length() - _SINGLE)


def ends_window(step: int) -> bool:
    """Whether `step` is the last one of its window."""
    return step % window_length(step) == 0


class LogWindows:
    """Means of loss and accuracy over each window, from steps given one after the other."""

    def __init__(self) -> None:
        self._points: list[list[float]] = []
        # Of loss and right times images, and images: what a resumed run must know to go on.
        self.open: list[float] | None = None
        self._last: list[float] = []  # the open window's point as it would be now

    def add(self, step: int, loss: float, right: float, images: int, rate: float) -> None:
        """Take in one step; a window of which the first steps are missing gives no point."""
        if (step - 1) % window_length(step) == 0:
            self.open = [0.0, 0.0, 0.0]
        if self.open is None:
            return
        for place, value in enumerate((loss * images, right * images, images)):
            self.open[place] += value
        losses, rights, count = self.open
        means = (losses / count, rights / count, rate)
        self._last = [step, *(float(f"{value:.{_DIGITS}g}") for value in means)]
        if ends_window(step):
            self._points.append(self._last)
            self.open = None

    def take(self) -> list[list[float]]:
        """New points as [step, loss, accuracy, learning rate]; the last may be of part of one.

        Such a part is replaced by the first point that is taken next.
        """
        points, self._points = self._points, []
        return [*points, self._last] if self.open and self._last else points


class Step(NamedTuple):
    """One step on its way; `loss` and `right` may still be computed."""

    number: int  # from 1
    loss: Any
    right: Any  # share of right answers
    images: int
    rate: float
    patch_size: int


class MetricsBuffer:
    """Means over the steps since the last point of the curve.

    Args:
        late: how many steps may be under way before the loss of the oldest is waited for. Where
            a step ends before the next can begin, 0: a loss that is no number is seen at once.
        config: of the run.
    """

    def __init__(self, late: int = 0, *, config: TrainConfig) -> None:
        self._late, self._config = late, config
        self._under_way: deque[Step] = deque()
        self.windows = LogWindows()
        self._clear()

    def _clear(self) -> None:
        self._loss = self._right = 0.0
        self.images = 0  # in steps that were waited for
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
            self.windows.add(step.number, loss, right, step.images, step.rate)
            self._loss += loss * step.images
            self._right += right * step.images
            self.images += step.images
            self._last = step

    def take(self) -> dict[str, Any]:
        """One point of the curve, from the steps that were waited for; then begin anew."""
        count = max(1, self.images)
        values = {
            "loss": self._loss / count,
            "accuracy": self._right / count,
            "learning_rate": self._last.rate if self._last else None,
            "images_per_second": self.images / max(self.seconds, 1e-9),
            "patch_size": self._last.patch_size if self._last else None,
            "points": self.windows.take(),
        }
        self._clear()
        return values
