"""What the worker computes for the Self-attention page; it is run there, and named by the app."""

from __future__ import annotations

import numpy as np

from explorer.client.tasks import forward_pass
from explorer.records import AttentionInputs


def attention_inputs(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int
) -> AttentionInputs:
    """The tokens that the attention of each block is given.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8.
        patch_size: P.
    """
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    return AttentionInputs(
        grid=trace.grid,
        num_prefix_tokens=trace.num_prefix_tokens,
        image=np.asarray(trace.image, np.uint8),
        tokens=np.stack([np.asarray(block["norm1"], np.float32) for block in trace.blocks]),
    )
