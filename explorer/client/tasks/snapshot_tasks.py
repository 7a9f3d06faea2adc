"""What the worker computes to show how a model learned; it is run there, and named by the app."""

from __future__ import annotations

import numpy as np

from explorer.client.snapshot_metrics import Looked
from explorer.client.tasks import forward_pass
from vitcore.interpret.attention_metrics import pooled_attention
from vitcore.interpret.distance import attention_distance


def looked(
    folder: str,
    stamp: tuple[int, ...],
    pixels: np.ndarray,
    patch_size: int,
    seed: int | None,
) -> Looked:
    """Where a model looks on an image and what it answers, small enough to keep of many models.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8.
        patch_size: P.
        seed: None, or the model before training: the first weights that this seed makes.
    """
    import vitcore

    if seed is None:
        model = forward_pass.compiled(folder, stamp, patch_size)
    else:
        model = forward_pass.untrained(folder, stamp, patch_size, seed)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    distance, maps = attention_distance(trace), pooled_attention(trace)
    return Looked(
        maps=maps.astype(np.float32),
        distance=distance.astype(np.float32),
        probabilities=np.array(trace.probabilities, np.float32),
    )
