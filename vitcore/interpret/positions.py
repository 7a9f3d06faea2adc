"""How alike position embeddings are, and how far that likeness follows their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


def cosine_similarity(grid: np.ndarray) -> np.ndarray:
    """Cosine of every position embedding with every other.

    Args:
        grid: (gh, gw, D) position embeddings; a class token's and registers' are left out.

    Returns:
        (gh, gw, gh, gw) float32 in [-1, 1]; entry (r, c, y, x) is the cosine of the embeddings of
        places (r, c) and (y, x). An embedding of zeros is like nothing: 0, also with itself.

    Raises:
        ValueError: if the grid does not have three axes.

    Source: Dosovitskiy et al. 2021, figure 7, centre, https://arxiv.org/abs/2010.11929
    """
    if grid.ndim != 3:
        raise ValueError(f"grid must have shape (gh, gw, D), got {grid.shape}")
    rows, columns, width = grid.shape
    flat = np.asarray(grid, np.float64).reshape(rows * columns, width)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    directions = np.divide(flat, lengths, out=np.zeros_like(flat), where=lengths > 0)
    cosines = np.clip(directions @ directions.T, -1.0, 1.0)
    return cosines.astype(np.float32).reshape(rows, columns, rows, columns)


def _distances(rows: int, columns: int) -> np.ndarray:
    """Euclidean distance between all places, in cells: (N, N)."""
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.hypot(y[:, None] - y, x[:, None] - x)


def _square(similarity: np.ndarray) -> tuple[np.ndarray, int, int]:
    if similarity.ndim != 4 or similarity.shape[:2] != similarity.shape[2:]:
        raise ValueError(f"similarity must have shape (gh, gw, gh, gw), got {similarity.shape}")
    rows, columns = similarity.shape[:2]
    return np.asarray(similarity, np.float64).reshape(rows * columns, -1), rows, columns


def spatial_correlation(similarity: np.ndarray) -> float | None:
    """Correlation of similarity with closeness (minus distance) over all pairs of two places.

    A place with itself is left out: with it, random embeddings seem to know their places.

    Args:
        similarity: (gh, gw, gh, gw), from `cosine_similarity`.

    Returns:
        Pearson's correlation in [-1, 1]; None where it has no meaning: fewer than two distances,
        or every pair equally alike.

    Raises:
        ValueError: if the shape is not (gh, gw, gh, gw).
    """
    flat, rows, columns = _square(similarity)
    pairs = np.triu_indices(rows * columns, 1)
    closeness, alike = -_distances(rows, columns)[pairs], flat[pairs]
    if len(alike) < 2 or np.ptp(closeness) == 0 or np.ptp(alike) < 1e-9:
        return None
    return float(np.corrcoef(closeness, alike)[0, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityByPlace:
    """Mean similarity of pairs of places, by how the two lie; None where there is no such pair."""

    neighbours: float | None  # sharing an edge
    line: float | None  # same row or column, at least two apart
    elsewhere: float | None  # all others
    line_gain: float | None  # line, minus other pairs just as far apart: no mere closeness
    nearest: float  # share of places whose most similar other place shares an edge with them


def similarity_by_position(similarity: np.ndarray) -> SimilarityByPlace:
    """Compare neighbours, the same row or column, and everywhere else.

    Args:
        similarity: (gh, gw, gh, gw), from `cosine_similarity`.

    Raises:
        ValueError: if the shape is not (gh, gw, gh, gw).
    """
    flat, rows, columns = _square(similarity)
    count = rows * columns
    away = _distances(rows, columns)
    y, x = np.divmod(np.arange(count), columns)
    in_line = (y[:, None] == y) | (x[:, None] == x)
    beside, line = away == 1, in_line & (away >= 2)
    elsewhere = ~in_line

    gains = []
    ring = np.rint(away)  # distances between 1.5 and 2.5 cells count as 2, and so on
    for distance in np.unique(ring[line]):
        others = elsewhere & (ring == distance)
        if others.any():
            along = line & (ring == distance)
            gains.append((flat[along].mean() - flat[others].mean(), along.sum()))
    nearest = 0.0
    if count > 1:
        likest = np.where(np.eye(count, dtype=bool), -np.inf, flat).argmax(axis=1)
        nearest = float(beside[np.arange(count), likest].mean())

    def mean(mask: np.ndarray) -> float | None:
        return float(flat[mask].mean()) if mask.any() else None

    gain = None
    if gains:
        gain = float(np.average([g for g, _ in gains], weights=[n for _, n in gains]))
    return SimilarityByPlace(
        neighbours=mean(beside),
        line=mean(line),
        elsewhere=mean(elsewhere),
        line_gain=gain,
        nearest=nearest,
    )


def similarity_by_distance(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean similarity at every distance that occurs between two different places.

    Args:
        similarity: (gh, gw, gh, gw), from `cosine_similarity`.

    Returns:
        distances (K,) in cells, rising, and mean cosines (K,); both empty for one place.

    Raises:
        ValueError: if the shape is not (gh, gw, gh, gw).
    """
    flat, rows, columns = _square(similarity)
    pairs = np.triu_indices(rows * columns, 1)
    away = np.round(_distances(rows, columns)[pairs], 6)
    distances, group = np.unique(away, return_inverse=True)
    counts = np.bincount(group, minlength=len(distances))
    return distances, np.bincount(group, flat[pairs], minlength=len(distances)) / counts


def similarity_spread(similarity: np.ndarray) -> tuple[float, float]:
    """Mean cosine of two different places, and how far 98 of 100 pairs are from it at most.

    Args:
        similarity: (gh, gw, gh, gw), as `cosine_similarity` gives it.

    Returns:
        (0, 1), the whole scale, where there is one place only.
    """
    count = similarity.shape[0] * similarity.shape[1]
    flat = similarity.reshape(count, count)[~np.eye(count, dtype=bool)]
    if not len(flat):
        return 0.0, 1.0
    mean = float(flat.mean())
    return mean, float(np.quantile(np.abs(flat - mean), 0.98))


def position_similarity(model: Any, patch_size: int | None = None) -> np.ndarray:
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
    return cosine_similarity(added.reshape(side, side, -1))
