"""A model at one moment of its training: what its weights show, and what it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.client.snapshots import Moment
from explorer.text.language import tr
from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.interpret.filters import FollowedComponents, follow_components
from vitcore.interpret.positions import (
    cosine_similarity,
    similarity_spread,
    spatial_correlation,
)
from vitcore.patches import pi_resize, resize_grid, sincos_1d, sincos_2d

_KERNEL, _POSITIONS = "patch_embedding/kernel", "positions"
COMPONENTS = 36  # of the filters, that are shown
_TILES = 11  # tiles of a side that are all sent; of a finer grid every second one


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What weights show without an image; P is the patch size, N places, K components."""

    similarity: np.ndarray | None  # (tiles, N) uint8, cosines from -1 to 1; None without positions
    closeness: float | None  # correlation of similarity with closeness over pairs of places
    spread: tuple[float, float]  # mean cosine of two places, and how far most are from it
    components: FollowedComponents


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a model does with one image."""

    maps: np.ndarray  # (L, H, N) float32, where the token that answers looks; each sums to 1
    distance: np.ndarray  # (L, H) float32, pixels
    probabilities: np.ndarray  # (C,) float32, sums to 1


def weights_at(
    moment: Moment, config: ViTConfig, patch_size: int, before: Weights | None
) -> Weights:
    """What the weights of one moment show.

    Args:
        moment: which.
        config: of the model.
        patch_size: P.
        before: the same of the moment before, whose places components keep.

    Raises:
        CheckpointError: if its file is missing or damaged, or its weights are no numbers.
    """
    kernel, positions = _read(moment, config)
    if not all(np.isfinite(part).all() for part in (kernel, positions) if part is not None):
        step = f"{moment.step:,}"
        raise CheckpointError(tr("the weights at step {step} are NaN or infinite", step=step))
    # Finer than stored they hold nothing more, and coarser is what the model uses.
    size = min(patch_size, config.patch_embed_size)
    followed = follow_components(
        pi_resize(kernel, size), before.components if before else None, most=COMPONENTS
    )
    table = _table(positions, config, patch_size)
    if table is None:
        return Weights(similarity=None, closeness=None, spread=(0.0, 1.0), components=followed)
    similarity = cosine_similarity(table)
    return Weights(
        similarity=_coded(similarity),
        closeness=spatial_correlation(similarity),
        spread=similarity_spread(similarity),
        components=followed,
    )


def tiles_of(side: int) -> range:
    """Rows (and columns) of the grid whose positions are sent as tiles."""
    return range(0, side, 1 if side <= _TILES else 2)


def _read(moment: Moment, config: ViTConfig) -> tuple[np.ndarray, np.ndarray | None]:
    """Kernel and learned positions."""
    names = [_KERNEL, _POSITIONS] if config.positions == "learned" else [_KERNEL]
    if moment.seed is None:
        _, found = checkpoints.read_some(moment.folder, names)
    else:
        found = initial_weights(config, moment.seed, only=names)
    return found[_KERNEL], found.get(_POSITIONS)


def _table(positions: np.ndarray | None, config: ViTConfig, patch_size: int) -> np.ndarray | None:
    """What the model adds to its patches: (gh, gw, D), or None where it adds nothing."""
    side = config.grid_side(patch_size)
    if positions is not None:
        return resize_grid(positions, (side, side))
    if config.positions == "none":
        return None
    waves = sincos_1d if config.positions == "sincos1d" else sincos_2d
    return waves((side, side), config.width, base=config.pos_embed_grid)


def _coded(similarity: np.ndarray) -> np.ndarray:
    rows, columns = (tiles_of(side) for side in similarity.shape[:2])
    chosen = similarity[rows.start : rows.stop : rows.step, :: columns.step]
    return np.rint(127.5 + 127.5 * chosen).astype(np.uint8).reshape(len(rows) * len(columns), -1)
