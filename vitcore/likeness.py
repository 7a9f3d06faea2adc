"""How alike the positions are that a model adds at one patch size."""

from __future__ import annotations

import numpy as np

from vitcore.introspection import positions as introspection
from vitcore.model import ViT


def position_similarity(model: ViT, patch_size: int | None = None) -> np.ndarray:
    """Cosine of each place's position embedding with every other's.

    Args:
        model: from `load` or `build`.
        patch_size: P; default the model's own.

    Returns:
        (gh, gw, gh, gw) float32 in [-1, 1]; 0 throughout for a model without positions.

    Raises:
        ValueError: for a patch size that does not fit.

    Source: Dosovitskiy et al. 2021, figure 7, centre, https://arxiv.org/abs/2010.11929
    """
    side = model.config.grid_side(patch_size)
    added = np.asarray(model.grid_positions(side, side))
    return introspection.position_similarity(added.reshape(side, side, -1))
