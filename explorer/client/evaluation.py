"""A model's predictions on the first test images, gathered slice by slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.client.results import Problem, Waiting
from explorer.client.tasks.chunking import SLICE_WORK
from vitcore.config import ViTConfig
from vitcore.flops import flops

_AHEAD = 6  # slices that are asked for before the page runs again
_SLICES = 16, 256  # fewest and most images in one


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is known by now; images come in the order of the dataset."""

    logits: np.ndarray  # (n, C) float32, of the first n images
    wanted: int  # images
    seconds: float  # of the forward passes so far, measured in the worker
    waiting: Waiting | None = None  # until all are there

    @property
    def done(self) -> int:
        return len(self.logits)


class Slices:
    """The predictions of one model at one patch size on one dataset, as they come in.

    Args:
        whole: images there are.
        size: of a slice, the last one excepted.
        classes: C.
    """

    def __init__(self, whole: int, size: int, classes: int) -> None:
        self.whole, self.size = whole, size
        self._logits = np.empty((whole, classes), np.float32)
        self._seconds: dict[int, float] = {}  # by start, of those that are there

    def gather(
        self, wanted: int, ask: Callable[[int, int], tuple[np.ndarray, float] | Waiting | Problem]
    ) -> Answered | Problem:
        """Ask for what is still to come of the first `wanted` images, a few slices at a time.

        Args:
            wanted: images.
            ask: for the slice of a start and a count; its logits and the seconds that they took.

        Returns:
            The images from the first on, as far as they are there without a gap.
        """
        wanted, waiting = min(wanted, self.whole), []
        for start, count in self.missing(wanted):
            answer = ask(start, count)
            if isinstance(answer, Problem):
                return answer
            if isinstance(answer, Waiting):
                waiting.append(answer)
                if len(waiting) == _AHEAD:
                    break
            else:
                self._logits[start : start + count], self._seconds[start] = answer
        missing = self.missing(wanted)
        done = min(missing[0][0], wanted) if missing else wanted
        return Answered(
            logits=self._logits[:done].copy(),
            wanted=wanted,
            seconds=sum(self._seconds[start] for start in range(0, done, self.size)),
            waiting=waiting[0] if waiting else None,
        )

    def missing(self, wanted: int) -> list[tuple[int, int]]:
        """Start and count of the slices that are still to come for the first `wanted`."""
        return [
            (start, min(self.size, self.whole - start))
            for start in range(0, wanted, self.size)
            if start not in self._seconds
        ]


def slice_size(config: ViTConfig, patch_size: int) -> int:
    """Images in one slice: a power of two that takes a fraction of a second."""
    most = int(SLICE_WORK / sum(flops(config, patch_size).values()))
    return min(max(1 << max(most, 1).bit_length() - 1, _SLICES[0]), _SLICES[1])
