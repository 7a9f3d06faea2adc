"""Pictures with patches erased, and the map of what each erased patch was worth."""

from __future__ import annotations

import numpy as np

from vitcore.intervention import DATA_MEAN
from vitcore.probabilities import probabilities


def windows(grid: tuple[int, int], size: int = 1) -> np.ndarray:
    """For each patch, which patches a window around it covers.

    Args:
        grid: (rows, columns).
        size: patches per side of the window; beyond the picture it covers nothing. An even one
            reaches one patch further down and right than up and left.

    Returns:
        (N, N) bool; row n is the window around patch n.

    Raises:
        ValueError: for a window that is smaller than one patch or larger than the grid.
    """
    if not 1 <= size <= max(grid):
        raise ValueError(
            f"window must be an integer from 1 to {max(grid)} (patches per side), got {size}"
        )
    before = (size - 1) // 2
    lines = []
    for count in grid:
        first = np.arange(count)[:, None] - before
        lines.append((np.arange(count) >= first) & (np.arange(count) < first + size))
    return np.kron(*lines).astype(bool)


def erase(picture: np.ndarray, erased: np.ndarray, patch_size: int) -> np.ndarray:
    """The picture once for each set of erased patches, which get the data's mean colour.

    Args:
        picture: (gh*P, gw*P, 3) uint8, as the model sees it.
        erased: (n, N) bool, True where a patch is erased, in reading order.
        patch_size: P.

    Returns:
        (n, gh*P, gw*P, 3) uint8.

    Raises:
        ValueError: if the sets do not fit the picture.
    """
    rows, columns = (side // patch_size for side in picture.shape[:2])
    erased = np.asarray(erased, bool)
    if erased.ndim != 2 or erased.shape[1] != rows * columns:
        raise ValueError(f"erased must have shape (n, {rows}*{columns}), got {erased.shape}")
    cells = erased.reshape(-1, rows, 1, columns, 1)
    shape = len(erased), rows, patch_size, columns, patch_size
    pixels = np.broadcast_to(cells, shape).reshape(len(erased), *picture.shape[:2])
    return np.where(pixels[..., None], DATA_MEAN, picture)


def occlusion_map(
    before: np.ndarray, after: np.ndarray, grid: tuple[int, int], *, class_index: int, of: str
) -> np.ndarray:
    """How far a class falls when each patch is erased.

    Args:
        before: (C,) logits of the whole picture.
        after: (N, C) logits with the window around each patch erased.
        grid: (rows, columns), N = rows * columns.
        class_index: the class asked about.
        of: "logit" or "probability".

    Returns:
        (rows, columns) float32; negative where the class gains by what is erased.

    Raises:
        ValueError: for another `of`.

    Source: Zeiler & Fergus 2014, section 4.2, https://arxiv.org/abs/1311.2901
    """
    if of not in ("logit", "probability"):
        raise ValueError(f"of must be logit or probability, got {of!r}")
    if of == "probability":
        before, after = probabilities(before), probabilities(after)
    return np.subtract(before[class_index], after[:, class_index], dtype=np.float32).reshape(grid)
