"""GELU, softmax and the dropout after them as one loop each, for training.

Made one by one, random numbers, mask and product cost more on a CPU than the attention they drop.
Here the mask is computed from a key and each number's place, so none is kept: the gradient computes
it again. Inside, all is float32: rounding each operation to bfloat16 would take most of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import pi, prod, sqrt
from typing import Any

import numpy as np
from keras import ops

from vitcore import backend
from vitcore.layers.functions import softmax


def next_key(layer: Any) -> Any:
    """Two uint32 words from a Keras Dropout layer's state, another pair at each call."""
    return ops.cast(layer.seed_generator.next(), "uint32")


def keep_mask(shape: tuple[int, ...], key: Any, rate: float) -> Any:
    """Where dropout keeps a number: True with probability 1 - rate, for one key always alike.

    Args:
        shape: of what is dropped.
        key: (2,) uint32, from `next_key`.
        rate: probability of False, in [0, 1).
    """
    first = _mixed(key[0] + _mixed(key[1] + _GOLDEN))
    places = ops.cast(ops.reshape(ops.arange(prod(shape), dtype="int32"), shape), "uint32")
    words = _mixed(places * _GOLDEN + first, _mixed(first + _GOLDEN))
    return words >= np.uint32(min(round(rate * 2**32), 2**32 - 1))


_GOLDEN = np.uint32(0x9E3779B9)  # 2**32 over the golden ratio: multiples of it spread evenly


def _mixed(words: Any, other: Any = None) -> Any:
    """Whole numbers (uint32) of which every bit depends on every bit of `words`, and of `other`.

    Source: Ellis Hartley's and Christopher Wellons' search for hash functions, "lowbias32",
    https://github.com/skeeto/hash-prospector
    """
    words = words ^ ops.right_shift(words, np.uint32(16))
    words = words * np.uint32(0x7FEB352D)
    words = words ^ ops.right_shift(words, np.uint32(15))
    words = words if other is None else words ^ other
    words = words * np.uint32(0x846CA68B)
    return words ^ ops.right_shift(words, np.uint32(16))


def softmax_dropped(scores: Any, key: Any, rate: float) -> tuple[Any, Any]:
    """Dropout of softmax(scores) over the last axis.

    Args:
        scores: (..., T).
        key, rate: see `keep_mask`; what is kept is divided by 1 - rate.

    Returns:
        What is left (..., T), and its sums (...), which without dropout would be 1.
    """
    return _with_gradient(scores, key, *_softmax_pair(rate))


def gelu_dropped(values: Any, key: Any, rate: float, kind: str) -> Any:
    """Dropout of GELU(values); see `softmax_dropped` for key and rate.

    Args:
        key: None where the rate is 0.
        kind: "tanh" or "exact", see `vitcore.functions.GELU`.
    """
    return _with_gradient(values, key, *_gelu_pair(rate, kind))


def _with_gradient(values: Any, key: Any, forward: Any, backward: Any) -> Any:
    """forward(values, key), whose gradient is backward(values, key, *incoming gradients)."""

    @ops.custom_gradient
    def function(x: Any) -> Any:
        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            changes: Any = arguments if upstream is None else (upstream,)
            if isinstance(changes[0], tuple | list):  # JAX passes those of several results as one
                changes = changes[0]
            return backward(x, key, *changes)

        return forward(x, key), gradient

    return function(values)


def _exact(*tensors: Any) -> list[Any]:
    return [ops.cast(tensor, "float32") for tensor in tensors]


def _dropped(values: Any, key: Any, rate: float) -> Any:
    if not rate:
        return values
    kept = keep_mask(ops.shape(values), key, rate)
    return ops.where(kept, values / (1 - rate), ops.zeros((), values.dtype))


@lru_cache(maxsize=64)  # one loop is compiled for all blocks
def _softmax_pair(rate: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(scores: Any, key: Any) -> Any:
        used = _dropped(softmax(*_exact(scores)), key, rate)
        return ops.cast(used, scores.dtype), ops.cast(ops.sum(used, axis=-1), scores.dtype)

    def backward(scores: Any, key: Any, change: Any, change_of_sum: Any) -> Any:
        exact, change, change_of_sum = _exact(scores, change, change_of_sum)
        weights = softmax(exact)
        change = _dropped(change + change_of_sum[..., None], key, rate)
        slope = weights * (change - ops.sum(change * weights, axis=-1, keepdims=True))
        return ops.cast(slope, scores.dtype)

    return backend.fused(forward), backend.fused(backward)


@lru_cache(maxsize=64)
def _gelu_pair(rate: float, kind: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    share, slope = {"exact": (_normal_share, _normal_slope), "tanh": (_gate, _gate_slope)}[kind]

    def forward(values: Any, key: Any) -> Any:
        (x,) = _exact(values)
        return ops.cast(_dropped(x * share(x), key, rate), values.dtype)

    def backward(values: Any, key: Any, change: Any) -> Any:
        x, change = _exact(values, change)
        return ops.cast(_dropped(change * slope(x), key, rate), values.dtype)

    return backend.fused(forward), backend.fused(backward)


def _normal_share(x: Any) -> Any:
    return 0.5 + 0.5 * ops.erf(x * sqrt(0.5))


def _normal_slope(x: Any) -> Any:
    return _normal_share(x) + x * ops.exp(-0.5 * ops.square(x)) / sqrt(2 * pi)


def _gate(x: Any) -> Any:
    return ops.sigmoid(x * (1.5957691216057308 + 0.07135481627260025 * ops.square(x)))


def _gate_slope(x: Any) -> Any:
    gate, slope = _gate(x), 1.5957691216057308 + 0.21406444881780074 * ops.square(x)
    return gate * (1 + (1 - gate) * x * slope)
