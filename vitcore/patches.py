"""Between images and patches: cutting, and the matrices that resize images, kernels and grids.

Everything here is NumPy and pure, so that every backend multiplies by the same matrices.
"""

from __future__ import annotations

from functools import lru_cache
from operator import index

import numpy as np

from vitcore.config import check_patch_size, grid_side


@lru_cache(maxsize=64)
def bilinear_line(source: int, target: int, *, antialias: bool = False) -> np.ndarray:
    """Matrix of one-dimensional bilinear resizing, half-pixel centres, edges clamped.

    Args:
        source: samples there are, at least 1.
        target: samples wanted, at least 1.
        antialias: widen the triangle when shrinking, so that every sample counts.

    Returns:
        (target, source) float64, read-only; each row sums to 1.

    Source: jax.image.resize and tf.image.resize, method "bilinear"; with and without antialias.
    """
    if source < 1 or target < 1:
        raise ValueError(f"source and target must be >= 1, got {source} and {target}")
    scale = source / target
    centres = (np.arange(target) + 0.5) * scale - 0.5
    if not antialias:
        centres = np.clip(centres, 0, source - 1)
    reach = max(scale, 1.0) if antialias else 1.0
    away = np.abs(np.arange(source)[None, :] - centres[:, None])
    matrix = np.maximum(0.0, 1.0 - away / reach)
    matrix /= matrix.sum(axis=1, keepdims=True)
    matrix.setflags(write=False)
    return matrix


def bilinear_square(source: int, target: int, *, antialias: bool = False) -> np.ndarray:
    """The same for a square, flattened row by row: (target², source²)."""
    line = bilinear_line(source, target, antialias=antialias)
    return np.kron(line, line)


@lru_cache(maxsize=64)
def kernel_matrix(base: int, size: int) -> np.ndarray:
    """Matrix that PI-resizes a flattened base x base kernel: (size², base²) float32, read-only.

    With B the matrix that resizes a base x base patch to size x size, this is pinv(Bᵀ): a patch
    resized by B meets a kernel resized by this and gives, growing, exactly the old embedding;
    shrinking, the closest one for uncorrelated pixels.

    Source: FlexiViT, Beyer et al. 2023, section 3.4, https://arxiv.org/abs/2212.08013
    """
    same = base == size
    matrix = np.eye(base * base) if same else np.linalg.pinv(bilinear_square(base, size).T)
    matrix = matrix.astype(np.float32)
    matrix.setflags(write=False)
    return matrix


@lru_cache(maxsize=64)
def grid_matrix(base: int, rows: int, columns: int) -> np.ndarray:
    """Matrix that resizes a base x base grid of positions: (rows*columns, base²) float32.

    Bilinear, antialiased when shrinking, as `jax.image.resize` does in FlexiViT's code.
    """
    matrix = np.kron(
        bilinear_line(base, rows, antialias=True), bilinear_line(base, columns, antialias=True)
    ).astype(np.float32)
    matrix.setflags(write=False)
    return matrix


def _whole(name: str, value: int) -> int:
    """A number of pixels or patches as a plain int; NumPy's are whole, True and 2.5 are not."""
    try:
        number = 0 if isinstance(value, (bool, np.bool_)) else index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
    return number


def pi_resize(kernel: np.ndarray, size: int) -> np.ndarray:
    """Resize a patch-embedding kernel so that resized patches keep their embedding.

    Args:
        kernel: (p, p, channels, D).
        size: the new side, at least 1. Always start from the stored kernel: 32→8→32 loses.

    Returns:
        (size, size, channels, D) float32.

    Raises:
        ValueError: if the kernel is not square with four axes, or the size is not an integer.

    Source: FlexiViT, Beyer et al. 2023, section 3.4, https://arxiv.org/abs/2212.08013
    """
    if kernel.ndim != 4 or kernel.shape[0] != kernel.shape[1]:
        raise ValueError(f"kernel must have shape (p, p, C, D), got {kernel.shape}")
    base, _, channels, width = kernel.shape
    size = _whole("size", size)
    flat = np.asarray(kernel, np.float32).reshape(base * base, channels * width)
    return (kernel_matrix(base, size) @ flat).reshape(size, size, channels, width)


def resize_grid(grid: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a grid of position embeddings.

    Args:
        grid: (g, g, D).
        shape: (rows, columns) wanted.

    Returns:
        (rows, columns, D) float32.

    Raises:
        ValueError: if the grid is not square with three axes, or the shape is not two integers.

    Source: FlexiViT, https://arxiv.org/abs/2212.08013: bilinear, antialiased when shrinking
    """
    if grid.ndim != 3 or grid.shape[0] != grid.shape[1]:
        raise ValueError(f"grid must have shape (g, g, D), got {grid.shape}")
    base, _, width = grid.shape
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise ValueError(f"shape must be (rows, columns), got {shape!r}")
    shape = _whole("rows", shape[0]), _whole("columns", shape[1])
    flat = np.asarray(grid, np.float32).reshape(base * base, width)
    return (grid_matrix(base, *shape) @ flat).reshape(*shape, width)


def resize_image(images: np.ndarray, side: int) -> np.ndarray:
    """Resize images to side x side, bilinear, antialiased when shrinking, rounded to uint8.

    Args:
        images: (..., H, W, channels) uint8.
        side: pixels wanted, at least 1.

    Returns:
        (..., side, side, channels) uint8; the input itself where it already has that size.
    """
    height, width = images.shape[-3:-1]
    side = _whole("side", side)
    if (height, width) == (side, side):
        return images
    rows = bilinear_line(height, side, antialias=True).astype(np.float32)
    columns = bilinear_line(width, side, antialias=True).astype(np.float32)
    # Rows first, then columns: two small products instead of one with their Kronecker product.
    flat = images.reshape(*images.shape[:-2], -1).astype(np.float32)
    half = (rows @ flat).reshape(*images.shape[:-3], side, width, images.shape[-1])
    whole = np.einsum("vw,...hwc->...hvc", columns, half, optimize=True)
    return np.clip(np.rint(whole), 0, 255).astype(np.uint8)


def model_input(images: np.ndarray, patch_size: int, *, image_size: int = 32) -> np.ndarray:
    """Images as a model sees them at one patch size: (..., G*P, G*P, channels) uint8."""
    return resize_image(images, grid_side(patch_size, image_size) * patch_size)


def normalize(pixels: np.ndarray, pixel_range: str) -> np.ndarray:
    """Pixels 0 to 255 as the model takes them: float32 in [-1, 1] ("signed") or [0, 1] ("unit").

    Raises:
        ValueError: for another range.
    """
    if pixel_range not in ("signed", "unit"):
        raise ValueError(f"pixel_range must be signed or unit, got {pixel_range!r}")
    scaled = np.asarray(pixels, np.float32)
    return scaled / 127.5 - 1 if pixel_range == "signed" else scaled / 255


def patchify(image: np.ndarray, patch_size: int, padding: str = "resize") -> np.ndarray:
    """Cut one image into patches.

    Args:
        image: (H, W, C).
        patch_size: P, pixels per side, in 1..min(H, W).
        padding: what happens where P does not divide a side. "resize": the image (uint8) is
            resized to whole patches first, as the model sees it; "valid": what is left over at
            the right and bottom is dropped; "same": zeros are added around, more at the end, as
            TensorFlow pads.

    Returns:
        (gh, gw, P, P, C), patches in rows and columns.

    Raises:
        ValueError: for a wrong shape, patch size or padding.
    """
    if image.ndim != 3:
        raise ValueError(f"image must have shape (H, W, C), got {image.shape}")
    size = check_patch_size(patch_size, min(image.shape[:2]))
    height, width, channels = image.shape
    if padding == "resize":
        rows, columns = grid_side(size, height), grid_side(size, width)
        if (rows * size, columns * size) != (height, width):
            if height != width:
                raise ValueError(f"image must be square to be resized, got {image.shape}")
            image = resize_image(image, rows * size)
    elif padding == "valid":
        rows, columns = height // size, width // size
        image = image[: rows * size, : columns * size]
    elif padding == "same":
        rows, columns = -(-height // size), -(-width // size)
        spare = rows * size - height, columns * size - width
        image = np.pad(image, [(s // 2, s - s // 2) for s in spare] + [(0, 0)])
    else:
        raise ValueError(f"padding must be resize, valid or same, got {padding!r}")
    patches = image.reshape(rows, size, columns, size, channels)
    return patches.transpose(0, 2, 1, 3, 4)


def unpatchify(patches: np.ndarray) -> np.ndarray:
    """Put patches (gh, gw, P, P, C) together again: (gh*P, gw*P, C)."""
    rows, columns, size, _, channels = patches.shape
    return patches.transpose(0, 2, 1, 3, 4).reshape(rows * size, columns * size, channels)


def _sincos(places: np.ndarray, width: int) -> np.ndarray:
    """Sines, then cosines, of places (N,) at width/2 frequencies from 1 to 1/10000: (N, width)."""
    frequencies = 10_000.0 ** -(np.arange(width // 2) / max(1, width // 2 - 1))
    angles = places[:, None] * frequencies
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _places(count: int, base: int) -> np.ndarray:
    """Centres of `count` cells laid over `base` cells, in cells of the base."""
    return (np.arange(count) + 0.5) * base / count - 0.5


def sincos_1d(shape: tuple[int, int], width: int, *, base: int = 8) -> np.ndarray:
    """Fixed embedding of the place in reading order: (rows, columns, width) float32.

    A grid other than base x base spreads its places over the same base² numbers.

    Source: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """
    rows, columns = shape
    return _sincos(_places(rows * columns, base * base), width).reshape(*shape, width).astype("f4")


def sincos_2d(shape: tuple[int, int], width: int, *, base: int = 8) -> np.ndarray:
    """Fixed embedding of column (first half) and row (second): (rows, columns, width) float32.

    Source: MoCo v3, Chen et al. 2021, https://arxiv.org/abs/2104.02057, as in big_vision's vit.py
    """
    rows, columns = shape
    table = np.empty((rows, columns, width), np.float32)
    table[..., : width // 2] = _sincos(_places(columns, base), width // 2)[None, :, :]
    table[..., width // 2 :] = _sincos(_places(rows, base), width // 2)[:, None, :]
    return table
