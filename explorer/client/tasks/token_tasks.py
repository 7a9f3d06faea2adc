"""What the worker computes of the tokens of patches, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.client.tasks import forward_pass


@dataclass(frozen=True, slots=True)
class TokenMaps:
    """The patches' tokens of one image compared, before block 0 and after each of L blocks."""

    grid: tuple[int, int]  # (gh, gw), N = gh * gw
    similarity: np.ndarray  # (L+1, N, N) float32, cosines
    components: np.ndarray  # (L+1, N, 3) float32, scores on the first three components
    explained: np.ndarray  # (L+1, 3) float32, explained variance ratios


def token_maps(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int
) -> TokenMaps:
    """Similarity and principal components of the tokens; arguments as in `forward_pass.reading`."""
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    components, explained = vitcore.token_components(trace)
    return TokenMaps(tuple(trace.grid), vitcore.token_similarity(trace), components, explained)
