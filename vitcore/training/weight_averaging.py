"""The mean of a model over the ends of its cycles: flatter, and better, than each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np


class CycleAverage:
    """The mean of the weights that were added.

    Args:
        variables: like which they are.

    Source: Izmailov et al. 2018, algorithm 1, https://arxiv.org/abs/1803.05407
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self.count = keras.Variable(0, dtype="int32", trainable=False)
        self.means = [
            keras.Variable(np.zeros(like.shape, np.float32), trainable=False) for like in variables
        ]

    def add(self, weights: Sequence[np.ndarray], *, times: int = 1) -> None:
        """One more, or the mean of several more."""
        count = int(self.count) + times
        for mean, values in zip(self.means, weights, strict=True):
            before = np.asarray(mean)
            mean.assign(before + (values - before) * np.float32(times / count))
        self.count.assign(count)

    def forget(self) -> None:
        """All of them."""
        for variable in (self.count, *self.means):
            variable.assign(np.zeros(variable.shape))
