"""How far heads look, in pixels of the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitcore.interpret import checked_attention, takes_trace


def patch_distances(grid: tuple[int, int], image_size: tuple[int, int]) -> np.ndarray:
    """Distance between the centres of any two patches: (N, N) float64, pixels.

    Args:
        grid: (rows, columns).
        image_size: (height, width) of the original image; a cell is height/rows tall.

    Raises:
        ValueError: where one of them is no pair of numbers above 0.
    """
    _check("grid", grid, "(rows, columns), integers of at least 1", int | np.integer)
    _check("image_size", image_size, "(height, width), pixels", int | float | np.number)
    rows, columns = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    down = (rows[:, None] - rows) * (image_size[0] / grid[0])
    across = (columns[:, None] - columns) * (image_size[1] / grid[1])
    return np.hypot(down, across)


def _check(name: str, pair: object, what: str, kind: Any) -> None:
    numbers = list(pair) if isinstance(pair, tuple | list | np.ndarray) else []
    if len(numbers) != 2 or not all(isinstance(n, kind) and 0 < n < np.inf for n in numbers):
        raise ValueError(f"{name} must be {what}, got {pair!r}")


@takes_trace("attention", "grid", "image_size", "num_prefix_tokens")
def attention_distance(
    attention: np.ndarray,
    grid: tuple[int, int],
    *,
    image_size: tuple[int, int],
    num_prefix_tokens: int = 0,
    renormalize: bool = True,
) -> np.ndarray:
    """Mean distance between a patch and what it looks at, per head.

    For each query patch the attention-weighted mean distance to all patches, averaged over
    queries. Rows and columns of the prefix (class token, registers) are left out.

    Args:
        attention: (L, H, T, T), rows are queries, T = num_prefix_tokens + rows * columns;
            or a Trace, which has the next three.
        grid: (rows, columns) of patches.
        image_size: (height, width) of the original image, pixels.
        num_prefix_tokens: tokens before the patches.
        renormalize: divide what is left of a row by its sum; False gives the ViT paper's figure,
            in which a head that looks at the class token seems to look less far.

    Returns:
        (L, H) float64, pixels.

    Raises:
        ValueError: if the attention does not fit the grid, or is no weights of at least 0.

    Source: Dosovitskiy et al. 2021, figure 7 right; google-research/vision_transformer issue 162
    """
    attention, distances = checked_attention(attention), patch_distances(grid, image_size)
    if num_prefix_tokens < 0 or len(attention[0, 0]) != num_prefix_tokens + len(distances):
        raise ValueError(
            "attention must have shape (L, H, T, T) with "
            f"T = {num_prefix_tokens} + {grid[0]}*{grid[1]}, "
            f"got {attention.shape}"
        )
    among = attention[:, :, num_prefix_tokens:, num_prefix_tokens:].astype(
        np.float64
    )  # (L, H, N, N)
    if renormalize:
        # A row that looks at the prefix alone has nothing left to divide by.
        among = among / np.maximum(among.sum(axis=-1, keepdims=True), 1e-12)
    return (among * distances).sum(axis=-1).mean(axis=-1)


def distance_bounds(grid: tuple[int, int], image_size: tuple[int, int]) -> tuple[float, float]:
    """(uniform, farthest): what a head that looks everywhere alike has, and the most there is.

    Both in pixels, averaged over query patches; they depend on the grid.
    """
    distances = patch_distances(grid, image_size)
    return float(distances.mean()), float(distances.max(axis=-1).mean())
