"""Windows of steps whose means are the points of a curve: the same in every run, however fast."""

from __future__ import annotations

_SINGLE = 7  # the first 2**7 steps are a point each
_DIGITS = 7  # of a mean; float32 has no more


def length(step: int) -> int:
    """How many steps share the point of `step`, counted from 1.

    1 up to step 128, 2 up to step 256, 4 up to step 512, and so on: whatever the length of a
    run, 64 points lie in its second half, and two runs of one seed have the same ones.
    """
    return 1 << max(0, (step - 1).bit_length() - _SINGLE)


def ends(step: int) -> bool:
    """Whether `step` is the last one of its window."""
    return step % length(step) == 0


class Windows:
    """Means of loss and share right over each window, from steps given one after the other."""

    def __init__(self) -> None:
        self._points: list[list[float]] = []
        # Of loss and right times pictures, and pictures: what a resumed run must know to go on.
        self.open: list[float] | None = None
        self._last: list[float] = []  # the open window's point as it would be now

    def add(self, step: int, loss: float, right: float, pictures: int, rate: float) -> None:
        """Take in one step; a window of which the first steps are missing gives no point."""
        if (step - 1) % length(step) == 0:
            self.open = [0.0, 0.0, 0.0]
        if self.open is None:
            return
        for place, value in enumerate((loss * pictures, right * pictures, pictures)):
            self.open[place] += value
        losses, rights, count = self.open
        means = (losses / count, rights / count, rate)
        self._last = [step, *(float(f"{value:.{_DIGITS}g}") for value in means)]
        if ends(step):
            self._points.append(self._last)
            self.open = None

    def take(self) -> list[list[float]]:
        """New points as [step, loss, share right, learning rate]; the last may be of part of one.

        Such a part is replaced by the first point that is taken next.
        """
        points, self._points = self._points, []
        return [*points, self._last] if self.open and self._last else points
