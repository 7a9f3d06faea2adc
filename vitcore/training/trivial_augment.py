"""TrivialAugment: each picture changed in one way, of a kind and a strength drawn evenly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from vitcore.intervention import DATASET_MEAN

STRENGTHS = 31  # from no change to the most, in even steps
_GREY = tuple(DATASET_MEAN.tolist())  # where nothing else is known

Change = Callable[[Image.Image, float], Image.Image]


def trivial_augment(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change each picture by one of `CHANGES`.

    Args:
        pictures: (B, H, W, 3) uint8.
        rng: where kinds, strengths and directions come from.

    Returns:
        (B, H, W, 3) uint8.

    Source: Müller & Hutter 2021, section 3, https://arxiv.org/abs/2103.10158, with the kinds and
    strengths of RandAugment, Cubuk et al. 2020, https://arxiv.org/abs/1909.13719
    """
    count = len(pictures)
    kinds = rng.integers(len(CHANGES), size=count)
    strengths = rng.integers(STRENGTHS, size=count) / (STRENGTHS - 1)
    strengths *= rng.choice([-1, 1], size=count)
    changes = list(CHANGES.values())
    changed = [
        changes[kind](Image.fromarray(picture), strength)
        for picture, kind, strength in zip(pictures, kinds, strengths, strict=True)
    ]
    return np.stack([np.asarray(picture) for picture in changed])


def _moved(picture: Image.Image, *six: float) -> Image.Image:
    """Each place (x, y) of the result is read at (a x + b y + c, d x + e y + f)."""
    return picture.transform(
        picture.size, Image.Transform.AFFINE, six, Image.Resampling.BILINEAR, fillcolor=_GREY
    )


def _sheared_x(picture: Image.Image, strength: float) -> Image.Image:
    slope = 0.3 * strength
    return _moved(picture, 1, slope, -slope * picture.height / 2, 0, 1, 0)


def _sheared_y(picture: Image.Image, strength: float) -> Image.Image:
    slope = 0.3 * strength
    return _moved(picture, 1, 0, 0, slope, 1, -slope * picture.width / 2)


def _moved_x(picture: Image.Image, strength: float) -> Image.Image:
    return _moved(picture, 1, 0, 10 / 32 * picture.width * strength, 0, 1, 0)


def _moved_y(picture: Image.Image, strength: float) -> Image.Image:
    return _moved(picture, 1, 0, 0, 0, 1, 10 / 32 * picture.height * strength)


def _rotated(picture: Image.Image, strength: float) -> Image.Image:
    return picture.rotate(30 * strength, Image.Resampling.BILINEAR, fillcolor=_GREY)


def _enhanced(kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Change:
    """From a tenth of what `kind` is about, over the picture as it is, to 1.9 times as much."""
    return lambda picture, strength: kind(picture).enhance(1 + 0.9 * strength)


def _posterized(picture: Image.Image, strength: float) -> Image.Image:
    return ImageOps.posterize(picture, 8 - round(4 * abs(strength)))


def _solarized(picture: Image.Image, strength: float) -> Image.Image:
    return ImageOps.solarize(picture, round(256 * (1 - abs(strength))))


CHANGES: dict[str, Change] = {
    "nothing": lambda picture, _: picture,
    "autocontrast": lambda picture, _: ImageOps.autocontrast(picture),
    "equalise": lambda picture, _: ImageOps.equalize(picture),
    "rotate": _rotated,
    "solarise": _solarized,
    "posterise": _posterized,
    "colour": _enhanced(ImageEnhance.Color),
    "contrast": _enhanced(ImageEnhance.Contrast),
    "brightness": _enhanced(ImageEnhance.Brightness),
    "sharpness": _enhanced(ImageEnhance.Sharpness),
    "shear along rows": _sheared_x,
    "shear along columns": _sheared_y,
    "move along rows": _moved_x,
    "move along columns": _moved_y,
}
