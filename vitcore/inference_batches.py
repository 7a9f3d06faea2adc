"""How many pictures go through a model at once."""

from __future__ import annotations

_PICTURES = 64  # in one pass, at most
_TOKENS = 6400  # in one pass, at most, so that other work need not wait long for its end


def batch_size(tokens: int) -> int:
    """Pictures per forward pass, for pictures of so many tokens: a power of two."""
    whole = max(1, min(_PICTURES, _TOKENS // tokens))
    return 1 << (whole.bit_length() - 1)
