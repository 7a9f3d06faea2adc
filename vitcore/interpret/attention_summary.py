"""Whether a model's attention can be read: does it know the object, does the query matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vitcore.datasets.sketch10 import sketch10
from vitcore.interpret.attention_metrics import object_attention, pooled_attention, query_dependence
from vitcore.interpret.rollout import rollout

BLIND = 0.1  # query dependence below which a head's map hardly depends on the patch that looks


def attention_summary(
    model: Any,
    *,
    pictures: int = 500,
    patch_size: int = 4,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure attention on sketches, whose object is known, from the seed no training sees.

    Args:
        model: from `load` or `build`.
        pictures: how many sketches, at least 1.
        patch_size: P.
        progress: called with the number of pictures done.

    Returns:
        Plain numbers. "on_object": for each block, how many times as much of the attention of the
        token that answers lies on the object as of a map that is even everywhere (heads in the
        mean); "rollout_on_object": the same of the rollout; "blind_heads": the share of all heads
        whose map hardly depends on the query; "query_dependence": for each block and head the mean
        total variation between a patch's map and the mean map. Means over pictures.

    Raises:
        ValueError: for a number or a patch size that does not fit.
    """
    from vitcore.tracing import trace

    if pictures < 1:
        raise ValueError(f"pictures must be an integer >= 1, got {pictures}")
    config = model.config
    blocks = np.zeros((pictures, config.depth))
    rolled = np.zeros(pictures)
    dependence = np.zeros((pictures, config.depth, config.heads))
    shared = {"pooling": config.pooling, "prefix": config.prefix}
    images, _, masks = sketch10(pictures)
    for row in range(pictures):
        seen = trace(model, images[row], patch_size=patch_size)
        maps = pooled_attention(seen.attention, **shared)  # (L, H, N)
        blocks[row] = object_attention(maps, masks[row], seen.grid).mean(axis=1)
        whole = pooled_attention(rollout(seen.attention), **shared)
        rolled[row] = object_attention(whole, masks[row], seen.grid)
        dependence[row] = query_dependence(seen.attention, prefix=config.prefix)
        progress(row + 1)
    heads = dependence.mean(axis=0)
    return {
        "pictures": pictures,
        "patch_size": patch_size,
        "on_object": np.round(blocks.mean(axis=0), 3).tolist(),
        "rollout_on_object": round(float(rolled.mean()), 3),
        "blind_heads": round(float((heads < BLIND).mean()), 4),
        "blind_below": BLIND,
        "query_dependence": np.round(heads, 3).tolist(),
    }
