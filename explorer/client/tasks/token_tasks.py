"""What the worker computes of the tokens of patches, block by block."""

from __future__ import annotations

import numpy as np

from explorer.client.tasks import forward_pass
from explorer.records import TokenMaps


def token_maps(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int
) -> TokenMaps:
    """Similarity and principal components of the tokens; arguments as in `forward_pass.forward`."""
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    components, explained = vitcore.token_components(trace)
    return TokenMaps(trace.grid, vitcore.token_similarity(trace), components, explained)
