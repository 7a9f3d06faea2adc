"""Whether a model's attention can be read: does it know the object, does the query matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vitcore.datasets.sketch10 import sketch10
from vitcore.interpret.attention_metrics import object_attention, pooled_attention, query_dependence
from vitcore.interpret.rollout import rollout

QUERY_INDEPENDENT = (
    0.1  # query dependence below which a head's map hardly depends on the patch that looks
)


def attention_summary(
    model: Any,
    *,
    num_images: int = 500,
    patch_size: int = 4,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure attention on sketches, whose object is known, from the seed no training sees.

    Args:
        model: from `load` or `build`.
        num_images: sketches, at least 1.
        patch_size: P.
        progress: called with the number of images done.

    Returns:
        Plain numbers. "object_attention": for each block, the pooled attention on the object
        relative to uniform attention (mean over heads); "rollout_object_attention": the same of
        the rollout; "query_independent_heads": the fraction of all heads whose query dependence
        is below "query_independent_below"; "query_dependence": for each block and head the mean
        total variation between a patch's map and the mean map. Means over images.

    Raises:
        ValueError: for a number or a patch size that does not fit.
    """
    from vitcore.tracing import trace

    if num_images < 1:
        raise ValueError(f"num_images must be an integer >= 1, got {num_images}")
    config = model.config
    blocks = np.zeros((num_images, config.depth))
    rolled = np.zeros(num_images)
    dependence = np.zeros((num_images, config.depth, config.num_heads))
    shared = {"pooling": config.pooling, "num_prefix_tokens": config.num_prefix_tokens}
    images, _, masks = sketch10(num_images)
    for row in range(num_images):
        seen = trace(model, images[row], patch_size=patch_size)
        maps = pooled_attention(seen.attention, **shared)  # (L, H, N)
        blocks[row] = object_attention(maps, masks[row], seen.grid).mean(axis=1)
        whole = pooled_attention(rollout(seen.attention), **shared)
        rolled[row] = object_attention(whole, masks[row], seen.grid)
        dependence[row] = query_dependence(
            seen.attention, num_prefix_tokens=config.num_prefix_tokens
        )
        progress(row + 1)
    heads = dependence.mean(axis=0)
    return {
        "num_images": num_images,
        "patch_size": patch_size,
        "object_attention": np.round(blocks.mean(axis=0), 3).tolist(),
        "rollout_object_attention": round(float(rolled.mean()), 3),
        "query_independent_heads": round(float((heads < QUERY_INDEPENDENT).mean()), 4),
        "query_independent_below": QUERY_INDEPENDENT,
        "query_dependence": np.round(heads, 3).tolist(),
    }
