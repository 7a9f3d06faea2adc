"""The position encodings that one model is compared with, all at the present grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from explorer.text.language import N_, tr
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.interpret.positions import cosine_similarity, spatial_correlation
from vitcore.patches import resize_grid, sincos_1d, sincos_2d

_POSITIONS = "positions"
_LABELS = {
    "learned": N_("learned"),
    "sincos1d": N_("sin-cos 1-D"),
    "sincos2d": N_("sin-cos 2-D"),
    "untrained": N_("random init"),
}


@dataclass(frozen=True, slots=True)
class PositionEncoding:
    """One kind of position embedding and how similar its positions are."""

    name: str  # "learned", "sincos1d", "sincos2d" or "untrained"
    label: str  # in the language of the page
    own: bool  # whether the chosen model adds these
    similarity: np.ndarray  # (gh, gw, gh, gw) cosines
    correlation: float | None  # spatial correlation r; None of one position, and of equal ones

    @property
    def single(self) -> bool:
        """Whether there is only one position."""
        return self.similarity.shape[:2] == (1, 1)


def position_encodings(
    config: ViTConfig, stored: np.ndarray | None, grid: tuple[int, int]
) -> list[PositionEncoding]:
    """The model's own position embeddings first, where it has any, then the others.

    Args:
        config: of the chosen model.
        stored: (g, g, D) its learned position embeddings, or None where it has none.
        grid: (rows, columns) of patches at the present patch size.
    """
    found = {}
    for name in names_of(config):
        if name != "learned":
            found[name] = _of_every_model(name, config, grid)
        elif stored is not None:
            similarity = cosine_similarity(resize_grid(stored, grid))
            found[name] = similarity, spatial_correlation(similarity)
    kinds = [
        PositionEncoding(name, tr(_LABELS[name]), name == config.positions, *values)
        for name, values in found.items()
    ]
    return sorted(kinds, key=lambda kind: not kind.own)


def names_of(config: ViTConfig) -> tuple[str, ...]:
    """The encodings that a model is compared with: its learned one, and those of its width."""
    there = {
        "learned": config.positions == "learned",
        "sincos1d": config.width % 2 == 0,
        "sincos2d": config.width % 4 == 0,
        "untrained": True,
    }
    return tuple(name for name in there if there[name])


@lru_cache(maxsize=64)
def _of_every_model(
    name: str, config: ViTConfig, grid: tuple[int, int]
) -> tuple[np.ndarray, float | None]:
    """Cosines, read-only, and spatial correlation of embeddings that no training changes."""
    if name == "sincos1d":
        table = sincos_1d(grid, config.width, base=config.pos_embed_grid)
    elif name == "sincos2d":
        table = sincos_2d(grid, config.width, base=config.pos_embed_grid)
    else:
        table = resize_grid(untrained_positions(config), grid)
    similarity = cosine_similarity(table)
    similarity.setflags(write=False)
    return similarity, spatial_correlation(similarity)


def began_with_waves(config: ViTConfig) -> bool:
    """Whether the learned position embeddings of a model were initialized from sin-cos."""
    return config.weight_init == "mimetic" and config.positions == "learned"


@lru_cache(maxsize=64)
def closeness_begun_with(config: ViTConfig, grid: tuple[int, int]) -> float | None:
    """Spatial correlation that a model's sin-cos initialization had; None where there was none."""
    if not began_with_waves(config):
        return None
    waves = initial_weights(config, only=[_POSITIONS])[_POSITIONS]
    return spatial_correlation(cosine_similarity(resize_grid(waves, grid)))


def untrained_positions(config: ViTConfig) -> np.ndarray:
    """A random initialization (g, g, D) of position embeddings, seed 0."""
    usual = replace(config, positions="learned", weight_init="xavier")
    return initial_weights(usual, only=[_POSITIONS])[_POSITIONS]
