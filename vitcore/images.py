"""Images of any usual kind as the arrays that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np

_CHANNELS = (1, 3, 4)
_ROUNDING = 1e-3  # what undoing a normalization leaves beyond 0 and 1


def as_images(images: Any) -> np.ndarray:
    """Images as (B, H, W, 3) uint8.

    Gray is repeated three times, transparent parts become white, and floats from 0 to 1 are
    multiplied by 255 and rounded.

    Args:
        images: (B, H, W, C) or one image (H, W, C) or (H, W), C = 1 (gray), 3 or 4 (RGBA); uint8,
            or floats in [0, 1]. A PIL image as well.

    Raises:
        ValueError: for another shape, type or range.
    """
    array = np.asarray(_in_color(images) if hasattr(images, "convert") else images)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or array.shape[-1] not in _CHANNELS or 0 in array.shape[1:]:
        raise ValueError(f"images must have shape (B, H, W, 3), got {array.shape}. {_way(array)}")
    array = _as_uint8(array)
    if array.shape[-1] == 4:
        alpha = array[..., 3:] / 255.0
        return np.rint(array[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.repeat(array, 3, axis=-1) if array.shape[-1] == 1 else array


def as_image(image: Any) -> np.ndarray:
    """One image as (H, W, 3) uint8; see `as_images`.

    Raises:
        ValueError: as `as_images`, or for several images.
    """
    images = as_images(image)
    if len(images) != 1:
        raise ValueError(f"image must be one image, got {len(images)}. Pass images[0].")
    return images[0]


def _in_color(image: Any) -> Any:
    """A PIL image of any mode as RGB, RGBA, or an array of 8-bit grays or of what is refused."""
    if image.mode.startswith("I;16"):  # Pillow would clip at 255
        return (np.asarray(image) // 257).astype(np.uint8)
    if image.mode in ("I", "F"):  # of no certain range
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _as_uint8(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        most = {"bool": 1, "uint16": 65535}.get(array.dtype.name, 255)
        raise ValueError(
            f"images must be uint8 or floats in [0, 1], got {array.dtype}. "
            f"Divide by the largest possible value: np.asarray(images) / {most}."
        )
    if not np.isfinite(array).all():
        raise ValueError("images must be finite, got NaN or infinity. Check how they were loaded.")
    if array.size and not (array.min() >= -_ROUNDING and array.max() <= 1 + _ROUNDING):
        raise ValueError(
            f"float images must be in [0, 1], got {array.min():.3g} to {array.max():.3g}. "
            "Divide by 255, or undo the normalization: images * std + mean."
        )
    return np.rint(array.clip(0, 1) * np.float32(255)).astype(np.uint8)


def _way(array: np.ndarray) -> str:
    """What to do about a batch of another shape."""
    if 3 in array.shape[:2] and array.shape[-1] not in _CHANNELS:
        return "Channels come last: np.moveaxis(images, -3, -1)."
    return "Pass (B, H, W, 3), or one image (H, W, 3)."
