"""How much of a long work is done at once; between two parts the worker is free for others."""

from __future__ import annotations

from vitcore.config import ViTConfig
from vitcore.flops import flops

CHUNK_WORK = 24e9  # operations, some 0.2 s on two cores: other questions wait no longer
_EVALUATED = 16, 256  # fewest and most images of a test set in one


def chunk_size(config: ViTConfig, patch_size: int, passes: int) -> int:
    """Images in one chunk, each of so many passes."""
    work = passes * sum(flops(config, patch_size).values())
    return int(min(max(CHUNK_WORK // work, 1), 20))


def evaluation_chunk_size(config: ViTConfig, patch_size: int) -> int:
    """Images of a test set in one chunk: a power of two that takes a fraction of a second."""
    most = int(CHUNK_WORK / sum(flops(config, patch_size).values()))
    return min(max(1 << max(most, 1).bit_length() - 1, _EVALUATED[0]), _EVALUATED[1])
