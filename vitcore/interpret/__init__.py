"""What a trained model has inside, computed from arrays alone: pure NumPy, tested by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


def takes_trace(of: str, *others: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function take a `Trace` in place of its first argument.

    Args:
        of: the trace's array that becomes the first argument.
        others: arguments that the trace gives where the caller does not.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(given: Any, *arguments: Any, **options: Any) -> Any:
            if not hasattr(given, of):
                return function(given, *arguments, **options)
            known = {name: getattr(given, name) for name in others[len(arguments) :]}
            return function(getattr(given, of), *arguments, **{**known, **options})

        return call

    return decorate


def checked_attention(attention: Any) -> np.ndarray:
    """Attention weights (L, H, T, T) as an array.

    Raises:
        ValueError: for another shape, no block, head or token, or weights that are not at least 0.
    """
    weights = np.asarray(attention)
    if weights.ndim != 4 or weights.shape[2] != weights.shape[3] or not weights.size:
        raise ValueError(f"attention must have shape (L, H, T, T), got {weights.shape}")
    # NaN is neither; infinity is at least 0.
    if weights.dtype.kind not in "fiub" or not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError("attention must be finite weights of at least 0: pass those after softmax")
    return weights
