"""Occlusion: what a class loses when each patch is masked."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitcore import patches
from vitcore.images import as_image
from vitcore.inference import probabilities
from vitcore.intervention import DATASET_MEAN


def windows(grid: tuple[int, int], size: int = 1) -> np.ndarray:
    """For each patch, which patches a window around it covers.

    Args:
        grid: (rows, columns).
        size: patches per side of the window; beyond the image it covers nothing. An even one
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


def erase(image: np.ndarray, erased: np.ndarray, patch_size: int) -> np.ndarray:
    """The image once for each set of erased patches, which get the data's mean colour.

    Args:
        image: (gh*P, gw*P, 3) uint8, as the model sees it.
        erased: (n, N) bool, True where a patch is erased, in reading order.
        patch_size: P.

    Returns:
        (n, gh*P, gw*P, 3) uint8.

    Raises:
        ValueError: if the sets do not fit the image.
    """
    rows, columns = (side // patch_size for side in image.shape[:2])
    erased = np.asarray(erased, bool)
    if erased.ndim != 2 or erased.shape[1] != rows * columns:
        raise ValueError(f"erased must have shape (n, {rows}*{columns}), got {erased.shape}")
    cells = erased.reshape(-1, rows, 1, columns, 1)
    shape = len(erased), rows, patch_size, columns, patch_size
    pixels = np.broadcast_to(cells, shape).reshape(len(erased), *image.shape[:2])
    return np.where(pixels[..., None], DATASET_MEAN, image)


def occlusion_map(
    before: np.ndarray, after: np.ndarray, grid: tuple[int, int], *, class_index: int, of: str
) -> np.ndarray:
    """How far a class falls when each patch is erased.

    Args:
        before: (C,) logits of the whole image.
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


def occlusion(
    model: Any,
    image: np.ndarray,
    class_index: int,
    patch_size: int | None = None,
    *,
    window: int = 1,
    of: str = "logit",
) -> np.ndarray:
    """How far a class falls when each patch is erased to the data's mean colour.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) uint8.
        class_index: the class asked about, from 0.
        patch_size: P; default the model's own.
        window: patches per side of what is erased around each patch.
        of: "logit", or "probability", in which a class that is almost certain hardly falls.

    Returns:
        (rows, columns) float32; negative where the class gains by what is erased.

    Raises:
        ValueError: for an image, patch size, class, window or `of` that does not fit.

    Source: Zeiler & Fergus 2014, section 4.2, https://arxiv.org/abs/1311.2901
    """
    from vitcore.tracing import predict_logits

    size, seen = model_view(model, image, class_index, patch_size)
    grid = (model.config.grid_side(size),) * 2
    covered = windows(grid, window)  # (N, N)
    before = predict_logits(model, seen[None], patch_size=size)[0]
    after = masked_logits(model, seen, covered, patch_size=size)
    return occlusion_map(before, after, grid, class_index=class_index, of=of)


def masked_logits(
    model: Any, image: np.ndarray, erased: np.ndarray, *, patch_size: int
) -> np.ndarray:
    """The answers to one image with sets of its patches erased.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) uint8; resized to whole patches where it needs it.
        erased: (n, N) bool, True where a patch is erased.
        patch_size: P.

    Returns:
        (n, C) float32.

    Raises:
        ValueError: for an image, patch size or set that does not fit.
    """
    from vitcore.tracing import predict_logits

    side = model.config.image_size
    seen = patches.model_input(as_image(image), patch_size, image_size=side)
    return predict_logits(model, erase(seen, erased, patch_size), patch_size=patch_size)


def model_view(
    model: Any, image: np.ndarray, class_index: int, patch_size: int | None
) -> tuple[int, np.ndarray]:
    """The patch size, and the image as the model sees it, both checked."""
    config = model.config
    if class_index not in range(config.classes):
        raise ValueError(
            f"class_index must be an integer from 0 to {config.classes - 1}, got {class_index!r}"
        )
    size = config.chosen_patch_size(patch_size)
    return size, patches.model_input(as_image(image), size, image_size=config.image_size)
