"""sketch10: the ten CIFAR-10 classes drawn by code, with the mask of the object."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vitcore.datasets import sketch_animals as animals
from vitcore.datasets import sketch_vehicles as vehicles
from vitcore.datasets.sketch_pen import Pen
from vitcore.datasets.sketch_scenes import SCENES, SIDE, natural_colour, scene

_OVERSAMPLING = 4  # drawn at 128x128, then averaged down
_CANVAS = SIDE * _OVERSAMPLING
_AT_HOME = 0.4  # share of images whose scene suits the class; the others have any scene
_OCCLUDED = 0.25  # share of images with something in front of the object
_LEAST_VISIBLE = 0.6  # share of the object that an occluder must leave
_LEAST_CONTRAST = 35  # of 255, between the means of object and background
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One view of a class."""

    draw: Callable[[Pen, np.random.Generator], None]
    scenes: tuple[str, ...]  # where it is at home; shared by several classes
    tilt: float = 0.12  # largest turn, radians
    stands: bool = True  # whether it throws a shadow on the ground


# Of each class, in the order of `CLASS_NAMES`.
SHAPES: tuple[tuple[Drawing, ...], ...] = (
    (
        Drawing(vehicles.airplane_side, ("sky", "sky", "field"), tilt=0.4, stands=False),
        Drawing(vehicles.airplane_above, ("sky", "sky", "water"), tilt=0.9, stands=False),
    ),
    (
        Drawing(vehicles.automobile_side, ("road", "road", "field")),
        Drawing(vehicles.automobile_front, ("road", "road", "bright")),
    ),
    (
        Drawing(animals.bird_perched, ("forest", "field", "water"), tilt=0.3, stands=False),
        Drawing(animals.bird_flying, ("sky", "sky", "water"), tilt=0.4, stands=False),
    ),
    (
        Drawing(animals.cat_face, ("room", "room", "patchwork"), tilt=0.25, stands=False),
        Drawing(animals.cat_sitting, ("room", "room", "field")),
    ),
    (
        Drawing(animals.deer_standing, ("field", "forest", "bright")),
        Drawing(animals.deer_face, ("field", "forest"), stands=False),
    ),
    (
        Drawing(animals.dog_face, ("room", "field", "patchwork"), tilt=0.25, stands=False),
        Drawing(animals.dog_standing, ("field", "room", "road")),
    ),
    (
        Drawing(animals.frog_front, ("forest", "water", "field"), tilt=0.2),
        Drawing(animals.frog_side, ("forest", "water", "field"), tilt=0.2),
    ),
    (
        Drawing(animals.horse_standing, ("field", "field", "forest")),
        Drawing(animals.horse_head, ("field", "forest", "road"), stands=False),
    ),
    (
        Drawing(vehicles.ship_cargo, ("water", "water", "water", "sky"), stands=False),
        Drawing(vehicles.ship_sail, ("water", "water", "sky"), stands=False),
    ),
    (
        Drawing(vehicles.truck_side, ("road", "road", "field")),
        Drawing(vehicles.truck_front, ("road", "road", "bright")),
    ),
)


def sketch(index: int, seed: int = 0) -> tuple[np.ndarray, int, np.ndarray]:
    """One image: a drawn object in a scene that may or may not suit it.

    Args:
        index: which image, 0 or more; its class is `index % 10`.
        seed: which collection, 0 or more; the same seed and index give the same image.

    Returns:
        image (32, 32, 3) uint8, label 0 to 9, mask (32, 32) bool: the visible object.

    Raises:
        ValueError: when `index` or `seed` is negative.
    """
    if index < 0 or seed < 0:
        raise ValueError(f"index and seed must be integers >= 0, got {index} and {seed}")
    rng = np.random.default_rng((seed, index))
    label = index % len(SHAPES)
    shapes = SHAPES[label]
    drawing = shapes[rng.integers(len(shapes))]

    layer = Image.new("RGBX", (_CANVAS, _CANVAS))  # the fourth band is the cover, 0 to 255
    matrix, shift = _pose(rng, drawing)
    pen = Pen(ImageDraw.Draw(layer), matrix, shift)
    drawing.draw(pen, rng)
    mask = layer.getchannel("X")
    if rng.random() < _OCCLUDED:
        layer, mask = _occlude(rng, layer, mask)

    kind = drawing.scenes[rng.integers(len(drawing.scenes))]
    if rng.random() >= _AT_HOME:
        kind = SCENES[rng.integers(len(SCENES))]
    image = scene(rng, kind)
    if drawing.stands:
        image *= _shadow(matrix, shift, rng.uniform(0.1, 0.5))
    drawn = np.asarray(layer.reduce(_OVERSAMPLING), np.float32)  # (32, 32, 4)
    cover = drawn[:, :, 3:] / 255
    # Nothing was drawn where the cover is 0, so the colours are already multiplied by it.
    image = _apart(image, drawn[:, :, :3].sum() / (3 * cover.sum()))
    image = image * (1 - cover) + drawn[:, :, :3]
    return _photograph(rng, image), label, np.asarray(mask.reduce(_OVERSAMPLING)) >= 128


def sketch10(
    count: int, *, seed: int = 0, start: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images `start` to `start + count` of a collection.

    Args:
        count: N, 0 or more.
        seed: which collection, 0 or more.
        start: the first index, 0 or more.

    Returns:
        images (N, 32, 32, 3) uint8, labels (N,) uint8, masks (N, 32, 32) bool. The class is the
        index modulo 10: within class k, the i-th image has the index 10 i + k.

    Raises:
        ValueError: when a number is negative.
    """
    if count < 0 or start < 0 or seed < 0:
        raise ValueError(
            f"count, seed and start must be integers >= 0, got {count}, {seed} and {start}"
        )
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    labels = np.empty(count, np.uint8)
    masks = np.empty((count, SIDE, SIDE), bool)
    for row in range(count):
        images[row], labels[row], masks[row] = sketch(start + row, seed)
    return images, labels, masks


def _pose(rng: np.random.Generator, drawing: Drawing) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (2, 2) and shift (2,) from the drawing's -1..1 to pixels of the canvas."""
    angle = rng.uniform(-drawing.tilt, drawing.tilt)
    size = 0.5 * _CANVAS * rng.uniform(0.68, 1.0)
    wide = size * rng.uniform(0.9, 1.1)
    flip = -1 if rng.random() < 0.5 else 1
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.diag([flip * wide, size])
    room = 0.5 * _CANVAS - 0.82 * size
    shift = 0.5 * _CANVAS + rng.uniform(-1, 1, 2) * max(room, 3)
    return matrix, shift


def _apart(background: np.ndarray, brightness: float) -> np.ndarray:
    """Move a background away from the object's brightness, so that the object can be seen."""
    difference = background.mean() - brightness
    missing = _LEAST_CONTRAST - abs(difference)
    return background + math.copysign(max(0.0, missing), difference)


def _shadow(matrix: np.ndarray, shift: np.ndarray, depth: float) -> np.ndarray:
    column, row = (matrix @ (0, 0.85) + shift) / _OVERSAMPLING
    wide = abs(matrix[0, 0]) / _OVERSAMPLING
    distance = ((_COLUMNS - column) / (0.8 * wide)) ** 2 + ((_ROWS - row) / (0.18 * wide)) ** 2
    return (1 - depth * np.exp(-distance))[:, :, None]


def _occlude(
    rng: np.random.Generator, layer: Image.Image, mask: Image.Image
) -> tuple[Image.Image, Image.Image]:
    colour = natural_colour(rng)
    shapes = _occluder(rng)
    hidden = mask.copy()
    pen = ImageDraw.Draw(hidden)
    for points in shapes:
        pen.polygon(points, fill=0)
    if hidden.histogram()[255] < _LEAST_VISIBLE * mask.histogram()[255]:
        return layer, mask
    pen = ImageDraw.Draw(layer)
    for points in shapes:
        pen.polygon(points, fill=(*colour, 255))
    return layer, hidden


def _occluder(rng: np.random.Generator) -> list[list[float]]:
    """Polygons of something in front: a post, a few blades of grass, or a corner."""
    kind = rng.integers(3)
    if kind == 0:
        at, width, lean = rng.uniform(0, _CANVAS), rng.uniform(3, 10), rng.uniform(-12, 12)
        return [[at, 0, at + width, 0, at + width + lean, _CANVAS, at + lean, _CANVAS]]
    if kind == 1:
        blades = []
        for _ in range(rng.integers(4, 10)):
            at, high, lean = rng.uniform(0, _CANVAS), rng.uniform(15, 55), rng.uniform(-12, 12)
            blades.append([at - 3, _CANVAS, at + 3, _CANVAS, at + lean, _CANVAS - high])
        return blades
    across, down = rng.uniform(20, 60, 2)
    x, y = (0, _CANVAS)[rng.integers(2)], (0, _CANVAS)[rng.integers(2)]
    inward_x, inward_y = (across if x == 0 else -across), (down if y == 0 else -down)
    return [[x, y, x + inward_x, y, x + 0.6 * inward_x, y + 0.6 * inward_y, x, y + inward_y]]


def _photograph(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Light, contrast, a tint, softness and grain, as a small photograph has them."""
    mean = image.mean()
    light = rng.uniform(0.8, 1.15, 3) ** (0.35, 0.35, 0.35) * rng.uniform(0.8, 1.1)
    image = ((image - mean) * rng.uniform(0.75, 1.15) + mean) * light.astype(np.float32)
    grain = rng.standard_normal(image.shape, dtype=np.float32) * rng.uniform(1, 6)
    image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        soft = ImageFilter.GaussianBlur(rng.uniform(0.35, 0.6))
        image = np.array(Image.fromarray(image).filter(soft))
    return image
