"""What surrounds forward passes, in NumPy: how many images take one, and probabilities."""

from __future__ import annotations

import numpy as np

_IMAGES = 64  # in one pass, at most
_TOKENS = 6400  # in one pass, at most, so that other work need not wait long for its end


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax along the last axis: (..., C), each row sums to 1."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def batch_size(tokens: int) -> int:
    """Images per forward pass, for images of so many tokens: a power of two."""
    whole = max(1, min(_IMAGES, _TOKENS // tokens))
    return 1 << (whole.bit_length() - 1)
