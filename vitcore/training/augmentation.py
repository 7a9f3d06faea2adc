"""Random changes to training images: NumPy on the host, the same on every backend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from vitcore.intervention import DATASET_MEAN

SHIFT = 4  # pixels a crop may be shifted each way, as is usual on CIFAR-10
STRENGTHS = 31  # from no change to the most, in even steps
_GREY = tuple(DATASET_MEAN.tolist())  # where nothing else is known

Change = Callable[[Image.Image, float], Image.Image]


def augment(images: np.ndarray, rng: np.random.Generator, kind: str) -> np.ndarray:
    """Change a batch at random.

    Args:
        images: (B, H, W, 3) uint8.
        rng: where the numbers come from.
        kind: "crop-flip", "trivial", "article" or "none".

    Returns:
        (B, H, W, 3) uint8.
    """
    kinds = {
        "crop-flip": crop_and_flip,
        "trivial": lambda p, rng: trivial_augment(crop_and_flip(p, rng), rng),
        "article": article,
        "none": lambda p, _: p,
    }
    return kinds[kind](images, rng)


def crop_and_flip(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift by up to 4 pixels each way, mirrored at the edge, and flip left to right or not.

    Source: He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385 (there padded by zeros)
    """
    count, height, width, _ = images.shape
    shifts = rng.integers(-SHIFT, SHIFT + 1, size=(2, count))
    flipped = np.less(rng.random(count), 0.5)
    rows = _mirrored(np.arange(height) + shifts[0][:, None], height)  # (B, H)
    columns = np.arange(width)
    columns = np.where(flipped[:, None], columns[::-1], columns) + shifts[1][:, None]
    columns = _mirrored(columns, width)
    return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def article(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The article's pipeline: flips, rotation, zoom out, translation; bilinear, mirrored edges.

    In its order: flip left to right and upside down, each with probability 1/2; rotate by up to
    0.2 of a full turn each way; zoom out by 20 to 30 %, height and width apart; move by up to
    0.3 of each side. Keras applies these one after the other; here the four maps are multiplied
    and the image is read once, which blurs it less.

    Source: suvoooo/Learn-TensorFlow, ViT_TensorFlow notebook; Keras' Random* layers
    """
    count, height, width, _ = images.shape
    flips = np.where(rng.random((2, count)) < 0.5, -1.0, 1.0)
    turn = rng.uniform(-0.2, 0.2, count) * 2 * np.pi
    zoom = 1 + rng.uniform(0.2, 0.3, (2, count))
    move = rng.uniform(-0.3, 0.3, (2, count)) * np.array([[height], [width]])

    # From each place of the result back to the place it is read from, last step first.
    rows, columns = np.meshgrid(
        np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij"
    )
    y = (rows[None] - move[0][:, None, None]) * zoom[0][:, None, None]
    x = (columns[None] - move[1][:, None, None]) * zoom[1][:, None, None]
    cosine, sine = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    y, x = cosine * y - sine * x, sine * y + cosine * x
    y = y * flips[0][:, None, None] + (height - 1) / 2
    x = x * flips[1][:, None, None] + (width - 1) / 2
    return _read_bilinear(images, y.astype(np.float32), x.astype(np.float32))


def cutmix(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, share: float, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a piece of another image of the batch into some, and its class with it.

    The piece is a box of the image's shape, its area drawn evenly, at a place drawn evenly; what
    would lie outside is cut off.

    Args:
        images: (B, H, W, 3) uint8.
        labels: (B,) whole numbers below `classes`.
        rng: where the numbers come from.
        share: of the images, 0 to 1, to be changed.
        classes: C, how many there are.

    Returns:
        (B, H, W, 3) uint8, and (B, C) float32: how much of each image is of each class.

    Source: Yun et al. 2019, equations 1 and 2, https://arxiv.org/abs/1905.04899
    """
    count, height, width, _ = images.shape
    other = rng.permutation(count)
    half = np.sqrt(rng.random(count)) / 2  # of a box, in sides of the image
    half = np.where(rng.random(count) < share, half, 0.0)
    centre = rng.random((2, count))
    inside = np.ones((count, height, width), bool)
    for axis, size in enumerate((height, width)):
        edges = np.rint(np.clip(centre[axis] + [[-1], [1]] * half, 0, 1) * size)
        places = np.arange(size)
        line = (places >= edges[0][:, None]) & (places < edges[1][:, None])
        inside &= line[:, :, None] if axis == 0 else line[:, None, :]
    pasted = inside.mean(axis=(1, 2), dtype=np.float32)[:, None]
    one_hot = np.eye(classes, dtype=np.float32)[labels]
    mixed = np.where(inside[..., None], images[other], images)
    return mixed, one_hot * (1 - pasted) + one_hot[other] * pasted


def _mirrored(places: np.ndarray, size: int) -> np.ndarray:
    """Places beyond the edge folded back, the edge pixel repeated: d c b a | a b c d | d c b a."""
    places = places % (2 * size)
    return np.where(places < size, places, 2 * size - 1 - places)


def _read_bilinear(images: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Images read at places between pixels; y and x are (B, H, W)."""
    count, height, width, _ = images.shape
    batch = np.arange(count)[:, None, None]
    top, left = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
    down, right = (y - top)[..., None], (x - left)[..., None]
    result = np.zeros(images.shape, np.float32)
    for below, share_y in ((0, 1 - down), (1, down)):
        rows = _mirrored(top + below, height)
        for beside, share_x in ((0, 1 - right), (1, right)):
            columns = _mirrored(left + beside, width)
            result += share_y * share_x * images[batch, rows, columns]
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def trivial_augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change each image by one of `CHANGES`.

    Args:
        images: (B, H, W, 3) uint8.
        rng: where kinds, strengths and directions come from.

    Returns:
        (B, H, W, 3) uint8.

    Source: Müller & Hutter 2021, section 3, https://arxiv.org/abs/2103.10158, with the kinds and
    strengths of RandAugment, Cubuk et al. 2020, https://arxiv.org/abs/1909.13719
    """
    count = len(images)
    kinds = rng.integers(len(CHANGES), size=count)
    strengths = rng.integers(STRENGTHS, size=count) / (STRENGTHS - 1)
    strengths *= rng.choice([-1, 1], size=count)
    changes = list(CHANGES.values())
    changed = [
        changes[kind](Image.fromarray(image), strength)
        for image, kind, strength in zip(images, kinds, strengths, strict=True)
    ]
    return np.stack([np.asarray(image) for image in changed])


def _moved(image: Image.Image, *six: float) -> Image.Image:
    """Each place (x, y) of the result is read at (a x + b y + c, d x + e y + f)."""
    return image.transform(
        image.size, Image.Transform.AFFINE, six, Image.Resampling.BILINEAR, fillcolor=_GREY
    )


def _sheared_x(image: Image.Image, strength: float) -> Image.Image:
    slope = 0.3 * strength
    return _moved(image, 1, slope, -slope * image.height / 2, 0, 1, 0)


def _sheared_y(image: Image.Image, strength: float) -> Image.Image:
    slope = 0.3 * strength
    return _moved(image, 1, 0, 0, slope, 1, -slope * image.width / 2)


def _moved_x(image: Image.Image, strength: float) -> Image.Image:
    return _moved(image, 1, 0, 10 / 32 * image.width * strength, 0, 1, 0)


def _moved_y(image: Image.Image, strength: float) -> Image.Image:
    return _moved(image, 1, 0, 0, 0, 1, 10 / 32 * image.height * strength)


def _rotated(image: Image.Image, strength: float) -> Image.Image:
    return image.rotate(30 * strength, Image.Resampling.BILINEAR, fillcolor=_GREY)


def _enhanced(kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Change:
    """From a tenth of what `kind` is about, over the image as it is, to 1.9 times as much."""
    return lambda image, strength: kind(image).enhance(1 + 0.9 * strength)


def _posterized(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.posterize(image, 8 - round(4 * abs(strength)))


def _solarized(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.solarize(image, round(256 * (1 - abs(strength))))


CHANGES: dict[str, Change] = {
    "nothing": lambda image, _: image,
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "equalise": lambda image, _: ImageOps.equalize(image),
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
