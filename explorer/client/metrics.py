"""Every head in numbers, over one image or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from vitcore.interpret.attention_metrics import (
    attention_entropy,
    object_attention,
    pooled_attention,
    prefix_attention,
    query_dependence,
)
from vitcore.interpret.distance import attention_distance
from vitcore.interpret.rollout import rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMetrics:
    """Of n images, one row each, in the order of the data."""

    distance: np.ndarray  # (n, L, H) float32, pixels, rows renormalised over the patches
    distance_in_paper: np.ndarray  # (n, L, H) float32, pixels, as ViT's figure 7 has it
    entropy: np.ndarray  # (n, L, H) float32, bits
    prefix_attention: np.ndarray  # (n, L, H) float32, 0 to 1
    query_dependence: np.ndarray  # (n, L, H) float32, 0 to 1 - 1/N
    # Times as much as by chance; NaN where the object is not known or not to be seen.
    on_object: np.ndarray  # (n, L, H) float32
    rollout_on_object: np.ndarray  # (n,) float32

    @property
    def num_images(self) -> int:
        return len(self.distance)


def metrics_of(
    attention: np.ndarray,
    grid: tuple[int, int],
    *,
    image_size: tuple[int, int],
    prefix: int,
    pooling: str,
    mask: np.ndarray | None = None,
) -> HeadMetrics:
    """All numbers of one image.

    Args:
        attention: (L, H, T, T), as in a reading.
        grid: (rows, columns) of patches.
        image_size: (height, width) of the model's input, pixels.
        prefix: tokens before the patches.
        pooling: "class" or "mean", the model's.
        mask: (32, 32) bool, the object, where it is known.
    """
    shape = attention.shape[:2]
    on_object, rolled = np.full(shape, np.nan), np.array(np.nan)
    if mask is not None:
        maps = pooled_attention(attention, pooling=pooling, num_prefix_tokens=prefix)
        whole = pooled_attention(rollout(attention), pooling=pooling, num_prefix_tokens=prefix)
        on_object = object_attention(maps, mask, grid)
        rolled = object_attention(whole, mask, grid)
    where = {"image_size": image_size, "num_prefix_tokens": prefix}
    values = {
        "distance": attention_distance(attention, grid, **where),
        "distance_in_paper": attention_distance(attention, grid, renormalize=False, **where),
        "entropy": attention_entropy(attention, num_prefix_tokens=prefix),
        "prefix_attention": prefix_attention(attention, num_prefix_tokens=prefix),
        "query_dependence": query_dependence(attention, num_prefix_tokens=prefix),
        "on_object": on_object,
        "rollout_on_object": rolled,
    }
    return HeadMetrics(**{name: np.asarray(v, np.float32)[None] for name, v in values.items()})


def joined(parts: Sequence[HeadMetrics]) -> HeadMetrics:
    """The images of several one after the other; of one at least."""
    return HeadMetrics(
        **{
            part.name: np.concatenate([getattr(one, part.name) for one in parts])
            for part in fields(HeadMetrics)
        }
    )
