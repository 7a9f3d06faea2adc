"""The results used last, and what is done to each before it is shared."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


class ResultCache:
    """The results used last, within a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._results: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The result, or None."""
        if key not in self._results:
            return None
        self._results.move_to_end(key)
        return self._results[key][0]

    def put(self, key: Hashable, result: Any) -> None:
        """Keep an result; those not used for longest make room."""
        self._size -= self._results.pop(key, (None, 0))[1]
        self._results[key] = result, size_of(result)
        self._size += self._results[key][1]
        while self._size > self._limit and len(self._results) > 1:
            self._size -= self._results.popitem(last=False)[1][1]


def size_of(result: object) -> int:
    """Bytes of the arrays in a result: a dataclass, a mapping, a sequence or an array."""
    if isinstance(result, np.ndarray):
        return result.nbytes
    if is_dataclass(result):
        return sum(size_of(getattr(result, part.name)) for part in fields(result))
    if isinstance(result, dict):
        return sum(map(size_of, result.values()))
    if isinstance(result, (list, tuple)):
        return sum(map(size_of, result))
    return 64


def is_finite(result: object) -> bool:
    """Whether no number of a result is NaN or infinite."""
    if isinstance(result, np.ndarray):
        return result.dtype.kind not in "fc" or bool(np.isfinite(result).all())
    if isinstance(result, float):
        return math.isfinite(result)
    if is_dataclass(result):
        return all(is_finite(getattr(result, part.name)) for part in fields(result))
    if isinstance(result, dict):
        return all(map(is_finite, result.values()))
    if isinstance(result, (list, tuple)):
        return all(map(is_finite, result))
    return True


def protect(result: object) -> None:
    """Make the arrays of a shared result read-only."""
    if isinstance(result, np.ndarray):
        result.setflags(write=False)
    elif is_dataclass(result):
        for part in fields(result):
            protect(getattr(result, part.name))
    elif isinstance(result, dict):
        for value in result.values():
            protect(value)
    elif isinstance(result, (list, tuple)):
        for value in result:
            protect(value)
