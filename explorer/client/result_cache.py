"""The results used last, and what is done to each before it is shared."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
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
        """Keep a result; those not used for longest make room."""
        self._size -= self._results.pop(key, (None, 0))[1]
        self._results[key] = result, size_of(result)
        self._size += self._results[key][1]
        while self._size > self._limit and len(self._results) > 1:
            self._size -= self._results.popitem(last=False)[1][1]


def leaves(result: object) -> Iterator[object]:
    """The arrays and single values in a result: a dataclass, a mapping, a sequence or an array."""
    if is_dataclass(result):
        parts: Iterable[object] = (getattr(result, part.name) for part in fields(result))
    elif isinstance(result, dict):
        parts = result.values()
    elif isinstance(result, (list, tuple)):
        parts = result
    else:
        yield result
        return
    for part in parts:
        yield from leaves(part)


def size_of(result: object) -> int:
    """Bytes of the arrays in a result; 64 for each single value."""
    return sum(leaf.nbytes if isinstance(leaf, np.ndarray) else 64 for leaf in leaves(result))


def is_finite(result: object) -> bool:
    """Whether no number of a result is NaN or infinite."""
    return all(
        np.isfinite(leaf).all()
        for leaf in leaves(result)
        if isinstance(leaf, float) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc")
    )


def protect(result: object) -> None:
    """Make the arrays of a shared result read-only."""
    for leaf in leaves(result):
        if isinstance(leaf, np.ndarray):
            leaf.setflags(write=False)
