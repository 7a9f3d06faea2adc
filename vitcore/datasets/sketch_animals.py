"""The six animals of sketch10, each facing right in a box from -1 to 1 (y points down)."""

import numpy as np

from vitcore.datasets.sketch_pen import Colour, Pen, shade
from vitcore.datasets.sketch_vehicles import pick

_FEATHERS = (
    (120, 90, 65), (60, 95, 165), (180, 45, 40), (70, 72, 78), (225, 190, 60), (150, 150, 155),
    (45, 45, 50), (90, 120, 80), (235, 235, 232),
)  # fmt: skip
_CATS = ((215, 140, 70), (120, 118, 118), (50, 48, 50), (235, 230, 222), (140, 105, 75))
_DOGS = ((165, 115, 65), (205, 170, 115), (95, 65, 45), (60, 52, 50), (225, 205, 175))
_DEER = ((165, 115, 70), (145, 98, 60), (185, 135, 88))
_HORSES = ((125, 70, 40), (90, 55, 38), (50, 42, 42), (215, 210, 205), (160, 105, 60))
_FROGS = ((90, 150, 50), (70, 125, 55), (125, 150, 60), (60, 170, 75), (115, 110, 60))
_BLACK = (20, 18, 20)
_WHITE = (248, 248, 245)


def bird_perched(pen: Pen, rng: np.random.Generator) -> None:
    body, beak = pick(rng, _FEATHERS), pick(rng, ((240, 165, 40), (230, 120, 40), (60, 55, 50)))
    belly = shade(body, 1.5) if rng.random() < 0.6 else (235, 225, 205)
    for x in (-0.08, 0.14):
        pen.line(((x, 0.5), (x + 0.04, 0.88), (x + 0.18, 0.9)), 0.06, shade(beak, 0.8))
    pen.polygon(((-0.42, 0.14), (-0.98, 0.62), (-0.82, 0.78), (-0.2, 0.42)), shade(body, 0.7))
    pen.ellipse(0.0, 0.16, 0.58, 0.4, body, turn=-0.55)
    pen.ellipse(0.16, 0.24, 0.36, 0.28, belly, turn=-0.7)
    pen.ellipse(-0.18, 0.14, 0.46, 0.2, shade(body, 0.6), turn=-0.75)
    pen.ellipse(0.4, -0.42, 0.3, 0.28, body)
    pen.polygon(((0.64, -0.54), (0.99, -0.36), (0.64, -0.28)), beak)
    pen.ellipse(0.48, -0.48, 0.075, 0.075, _WHITE)
    pen.ellipse(0.5, -0.48, 0.05, 0.05, _BLACK)


def bird_flying(pen: Pen, rng: np.random.Generator) -> None:
    body, lift = pick(rng, _FEATHERS), rng.uniform(0.5, 1.0)
    far = ((0.18, 0), (0.3, -0.45 * lift), (0.12, -0.92 * lift), (-0.1, -0.5 * lift), (-0.16, 0))
    pen.polygon(far, shade(body, 0.6))
    pen.polygon(
        ((-0.45, -0.04), (-0.98, -0.1), (-0.88, 0.08), (-0.98, 0.24), (-0.4, 0.16)),
        shade(body, 0.75),
    )
    pen.ellipse(0.0, 0.08, 0.55, 0.2, body, turn=-0.1)
    pen.ellipse(0.06, 0.16, 0.4, 0.11, shade(body, 1.5), turn=-0.1)
    pen.ellipse(0.56, -0.06, 0.2, 0.18, body)
    pen.polygon(((0.7, -0.14), (0.98, -0.02), (0.7, 0.06)), (235, 160, 50))
    pen.ellipse(0.62, -0.1, 0.055, 0.055, _BLACK)
    near = (
        (0.2, 0.04),
        (-0.02, -0.5 * lift),
        (-0.5, -0.95 * lift),
        (-0.56, -0.5 * lift),
        (-0.3, 0.08),
    )
    pen.polygon(near, shade(body, 0.85))
    pen.line(((-0.5, -0.95 * lift), (-0.56, -0.5 * lift), (-0.3, 0.06)), 0.07, shade(body, 0.45))


def _cat_head(pen: Pen, rng: np.random.Generator, fur: Colour, y: float, size: float) -> None:
    eye = pick(rng, ((150, 190, 70), (225, 185, 60), (110, 170, 200)))
    for side in (-1, 1):
        ear = ((0.16, -0.62), (0.74, -1.18), (0.8, -0.3))
        pen.polygon([(side * size * a, y + size * b) for a, b in ear], fur)
        inner = ((0.36, -0.62), (0.66, -0.96), (0.7, -0.5))
        pen.polygon([(side * size * a, y + size * b) for a, b in inner], (225, 150, 150))
    pen.ellipse(0, y, 0.86 * size, 0.74 * size, fur)
    for x in (-0.22, 0.0, 0.22):
        pen.line(
            ((x * size, y - 0.7 * size), (x * size, y - 0.4 * size)), 0.08 * size, shade(fur, 0.6)
        )
    for side in (-1, 1):
        pen.ellipse(side * 0.2 * size, y + 0.34 * size, 0.26 * size, 0.2 * size, shade(fur, 1.4))
        pen.ellipse(side * 0.36 * size, y - 0.1 * size, 0.2 * size, 0.17 * size, eye)
        pen.ellipse(side * 0.36 * size, y - 0.1 * size, 0.07 * size, 0.16 * size, _BLACK)
        for rise in (0.26, 0.42):
            whisker = ((side * 0.3 * size, y + 0.32 * size), (side * 1.1 * size, y + rise * size))
            pen.line(whisker, 0.03, _WHITE)
    pen.polygon(
        ((-0.12 * size, y + 0.14 * size), (0.12 * size, y + 0.14 * size), (0, y + 0.28 * size)),
        (215, 110, 115),
    )


def cat_face(pen: Pen, rng: np.random.Generator) -> None:
    fur = pick(rng, _CATS)
    # Faces have a body that runs out of the image, however high they sit in it.
    pen.ellipse(0, 1.7, 0.72, 1.3, shade(fur, 0.8))
    _cat_head(pen, rng, fur, 0.16, 0.86)


def cat_sitting(pen: Pen, rng: np.random.Generator) -> None:
    fur = pick(rng, _CATS)
    tail = ((0.3, 0.8), (0.78, 0.72), (0.86, 0.3), (0.7, 0.02))
    pen.line(tail, 0.16, shade(fur, 0.75))
    pen.ellipse(0, 0.5, 0.5, 0.46, fur)
    for x in (-0.2, 0.2):
        pen.ellipse(x, 0.64, 0.13, 0.3, shade(fur, 1.2))
        pen.ellipse(x, 0.9, 0.15, 0.08, shade(fur, 1.35))
    for y in (0.34, 0.5):
        pen.line(((-0.48, y), (-0.28, y + 0.04)), 0.06, shade(fur, 0.6))
        pen.line(((0.48, y), (0.28, y + 0.04)), 0.06, shade(fur, 0.6))
    _cat_head(pen, rng, fur, -0.26, 0.56)


def dog_face(pen: Pen, rng: np.random.Generator) -> None:
    fur, ear = pick(rng, _DOGS), rng.uniform(0.45, 0.7)
    muzzle = (240, 230, 215) if rng.random() < 0.6 else shade(fur, 1.3)
    pen.ellipse(0, 1.7, 0.66, 1.2, shade(fur, 0.85))
    pen.ellipse(0, -0.04, 0.62, 0.7, fur)
    if rng.random() < 0.5:
        pen.polygon(((-0.08, -0.7), (0.08, -0.7), (0.16, 0.1), (-0.16, 0.1)), muzzle)
    pen.ellipse(0, 0.34, 0.42, 0.36, muzzle)
    for side in (-1, 1):
        pen.ellipse(0.66 * side, 0.0, 0.23, 0.62, shade(fur, ear), turn=-0.22 * side)
        pen.ellipse(0.26 * side, -0.16, 0.11, 0.12, _WHITE)
        pen.ellipse(0.26 * side, -0.14, 0.09, 0.1, (40, 25, 20))
    pen.ellipse(0, 0.56, 0.13, 0.22, (225, 105, 115))
    pen.line(((-0.2, 0.44), (0, 0.4), (0.2, 0.44)), 0.05, shade(muzzle, 0.5))
    pen.ellipse(0, 0.2, 0.19, 0.14, _BLACK)


def dog_standing(pen: Pen, rng: np.random.Generator) -> None:
    fur = pick(rng, _DOGS)
    pen.line(((-0.6, -0.02), (-0.84, -0.3), (-0.9, -0.58)), 0.14, fur)
    for x, tone in ((-0.4, 0.65), (0.36, 0.65), (-0.58, 1.0), (0.2, 1.0)):
        pen.line(((x, 0.2), (x - 0.02, 0.86)), 0.19, shade(fur, tone))
        pen.ellipse(x + 0.04, 0.88, 0.13, 0.07, shade(fur, 1.3 * tone))
    pen.ellipse(-0.14, 0.14, 0.62, 0.29, fur)
    if rng.random() < 0.5:
        pen.ellipse(-0.2, 0.06, 0.28, 0.2, shade(fur, 0.5))
    pen.polygon(((0.1, 0.05), (0.34, -0.45), (0.7, -0.35), (0.44, 0.3)), fur)
    pen.ellipse(0.54, -0.42, 0.31, 0.28, fur)
    pen.ellipse(0.8, -0.3, 0.22, 0.14, shade(fur, 1.25))
    pen.ellipse(0.97, -0.37, 0.08, 0.07, _BLACK)
    pen.polygon(((0.72, -0.2), (0.88, -0.2), (0.86, 0.02), (0.76, 0.0)), (225, 105, 115))
    pen.ellipse(0.36, -0.3, 0.15, 0.35, shade(fur, 0.5), turn=0.15)
    pen.ellipse(0.62, -0.5, 0.06, 0.06, _BLACK)


def _antlers(pen: Pen, x: float, y: float, size: float) -> None:
    bone = (205, 180, 140)
    for side in (-1, 1):
        main = ((0.1, 0), (0.34, -0.4), (0.5, -0.78), (0.42, -1.1))
        pen.line([(x + side * size * a, y + size * b) for a, b in main], 0.1 * size + 0.03, bone)
        for tine in (
            ((0.34, -0.4), (0.72, -0.58)),
            ((0.48, -0.72), (0.8, -1.0)),
            ((0.3, -0.35), (0.12, -0.7)),
        ):
            pen.line(
                [(x + side * size * a, y + size * b) for a, b in tine], 0.08 * size + 0.025, bone
            )


def _legs(
    pen: Pen, tops: tuple[float, ...], top: float, width: float, colour: Colour, hoof: Colour
) -> None:
    """Four thin legs, the far pair darker."""
    for i, x in enumerate(tops):
        tone = 0.62 if i % 2 else 0.95
        pen.line(((x, top), (x + 0.03, top + 0.3), (x, 0.92)), width, shade(colour, tone))
        pen.box(x - 0.6 * width, 0.88, x + 0.6 * width, 0.97, hoof)


def deer_standing(pen: Pen, rng: np.random.Generator) -> None:
    fur = pick(rng, _DEER)
    _legs(pen, (-0.6, -0.44, 0.3, 0.16), 0.3, 0.1, fur, (50, 38, 30))
    pen.ellipse(-0.16, 0.2, 0.56, 0.25, fur)
    pen.ellipse(-0.14, 0.34, 0.42, 0.11, (228, 208, 180))
    pen.ellipse(-0.7, 0.14, 0.11, 0.15, _WHITE)
    for x, y in ((-0.4, 0.08), (-0.2, 0.04), (0.0, 0.08), (-0.3, 0.2), (-0.08, 0.2)):
        pen.ellipse(x, y, 0.045, 0.04, (235, 215, 185))
    pen.polygon(((0.1, 0.1), (0.4, -0.4), (0.62, -0.34), (0.42, 0.32)), fur)
    pen.ellipse(0.42, -0.46, 0.14, 0.07, shade(fur, 0.7), turn=0.5)
    pen.polygon(((0.44, -0.54), (0.66, -0.54), (0.95, -0.32), (0.9, -0.22), (0.5, -0.28)), fur)
    pen.ellipse(0.92, -0.28, 0.06, 0.06, _BLACK)
    pen.ellipse(0.66, -0.43, 0.05, 0.05, _BLACK)
    if rng.random() < 0.85:
        _antlers(pen, 0.52, -0.5, 0.44)


def deer_face(pen: Pen, rng: np.random.Generator) -> None:
    fur = pick(rng, _DEER)
    _antlers(pen, 0, -0.18, 0.72)
    pen.polygon(
        ((-0.3, 0.3), (0.3, 0.3), (0.62, 1.0), (0.8, 2.2), (-0.8, 2.2), (-0.62, 1.0)),
        shade(fur, 0.85),
    )
    pen.ellipse(0, 1.4, 0.26, 0.75, (232, 215, 190))
    for side in (-1, 1):
        pen.ellipse(0.52 * side, -0.08, 0.3, 0.12, shade(fur, 0.8), turn=-0.35 * side)
        pen.ellipse(0.52 * side, -0.08, 0.2, 0.06, (225, 190, 170), turn=-0.35 * side)
    pen.polygon(
        ((-0.32, -0.2), (0.32, -0.2), (0.36, 0.08), (0.16, 0.62), (-0.16, 0.62), (-0.36, 0.08)), fur
    )
    pen.ellipse(0, 0.56, 0.2, 0.16, (228, 208, 180))
    pen.ellipse(0, 0.52, 0.12, 0.09, _BLACK)
    for side in (-1, 1):
        pen.ellipse(0.26 * side, 0.08, 0.085, 0.1, _BLACK)


def frog_front(pen: Pen, rng: np.random.Generator) -> None:
    skin = pick(rng, _FROGS)
    belly = (225, 225, 170)
    for side in (-1, 1):
        pen.ellipse(0.66 * side, 0.44, 0.32, 0.4, shade(skin, 0.7), turn=0.3 * side)
        pen.ellipse(0.72 * side, 0.8, 0.27, 0.09, shade(skin, 0.85))
    pen.ellipse(0, 0.36, 0.6, 0.5, skin)
    pen.ellipse(0, 0.58, 0.4, 0.28, belly)
    pen.ellipse(0, -0.1, 0.7, 0.42, skin)
    pen.line(((-0.6, 0.0), (-0.3, 0.14), (0.3, 0.14), (0.6, 0.0)), 0.07, shade(skin, 0.35))
    for side in (-1, 1):
        pen.line(((0.3 * side, 0.5), (0.34 * side, 0.84)), 0.15, shade(skin, 0.85))
        pen.ellipse(0.36 * side, 0.86, 0.18, 0.07, shade(skin, 1.15))
        pen.ellipse(0.4 * side, -0.48, 0.26, 0.26, shade(skin, 1.1))
        pen.ellipse(0.4 * side, -0.5, 0.18, 0.18, (250, 240, 160))
        pen.ellipse(0.4 * side, -0.5, 0.1, 0.12, _BLACK)


def frog_side(pen: Pen, rng: np.random.Generator) -> None:
    skin = pick(rng, _FROGS)
    pen.polygon(
        (
            (-0.9, 0.5),
            (-0.5, -0.02),
            (0.3, -0.42),
            (0.7, -0.2),
            (0.6, 0.4),
            (0.2, 0.66),
            (-0.6, 0.7),
        ),
        skin,
    )
    pen.ellipse(0.3, 0.4, 0.34, 0.26, (225, 225, 170))
    pen.ellipse(0.6, -0.14, 0.38, 0.26, skin)
    pen.line(((0.34, 0.0), (0.96, -0.04)), 0.06, shade(skin, 0.35))
    for x, y in ((-0.4, 0.1), (-0.1, -0.06), (0.1, 0.1), (-0.2, 0.2)):
        pen.ellipse(x, y, 0.08, 0.06, shade(skin, 0.6))
    pen.line(((0.34, 0.4), (0.44, 0.8), (0.62, 0.84)), 0.15, shade(skin, 0.8))
    pen.ellipse(-0.5, 0.44, 0.42, 0.28, shade(skin, 0.75), turn=-0.4)
    pen.line(((-0.82, 0.66), (-0.3, 0.78), (-0.6, 0.86), (-0.1, 0.86)), 0.13, shade(skin, 0.85))
    pen.ellipse(0.52, -0.4, 0.24, 0.23, shade(skin, 1.1))
    pen.ellipse(0.55, -0.42, 0.16, 0.16, (250, 240, 160))
    pen.ellipse(0.58, -0.42, 0.09, 0.1, _BLACK)


def horse_standing(pen: Pen, rng: np.random.Generator) -> None:
    coat = pick(rng, _HORSES)
    mane = shade(coat, 0.4) if sum(coat) > 220 else (120, 100, 80)
    pen.line(((-0.64, -0.06), (-0.86, 0.1), (-0.9, 0.62)), 0.17, mane)
    _legs(pen, (-0.58, -0.36, 0.34, 0.12), 0.25, 0.13, coat, (35, 30, 30))
    pen.ellipse(-0.42, 0.08, 0.3, 0.3, coat)
    pen.ellipse(-0.1, 0.08, 0.52, 0.25, coat)
    pen.ellipse(0.2, 0.08, 0.26, 0.28, coat)
    pen.polygon(((0.0, 0.0), (0.32, -0.66), (0.56, -0.78), (0.62, -0.5), (0.46, 0.18)), coat)
    pen.polygon(((0.42, -0.8), (0.66, -0.76), (0.99, -0.34), (0.88, -0.2), (0.54, -0.44)), coat)
    pen.polygon(((0.46, -0.76), (0.5, -0.99), (0.6, -0.78)), coat)
    pen.polygon(((0.48, -0.86), (0.3, -0.74), (-0.06, -0.14), (0.12, -0.04), (0.4, -0.5)), mane)
    pen.ellipse(0.93, -0.29, 0.05, 0.05, _BLACK)
    pen.ellipse(0.64, -0.62, 0.05, 0.05, _BLACK)


def horse_head(pen: Pen, rng: np.random.Generator) -> None:
    coat = pick(rng, _HORSES)
    mane = shade(coat, 0.4) if sum(coat) > 220 else (120, 100, 80)
    pen.polygon(
        ((-0.98, 2.2), (-0.8, 0.0), (-0.2, -0.7), (0.2, -0.3), (0.1, 0.3), (0.3, 2.2)), coat
    )
    pen.polygon(
        ((-0.2, -0.66), (0.16, -0.7), (0.86, 0.3), (0.84, 0.56), (0.6, 0.6), (0.0, 0.16)), coat
    )
    for x in (-0.16, 0.04):
        pen.polygon(((x - 0.08, -0.62), (x + 0.02, -0.99), (x + 0.14, -0.62)), shade(coat, 0.8))
    pen.polygon(
        ((-0.1, -0.76), (-0.5, -0.6), (-0.98, 0.1), (-0.98, 0.7), (-0.66, 0.2), (-0.26, -0.3)), mane
    )
    if rng.random() < 0.5:
        pen.polygon(((0.12, -0.56), (0.22, -0.5), (0.76, 0.28), (0.66, 0.3)), _WHITE)
    pen.ellipse(0.16, -0.28, 0.075, 0.075, _BLACK)
    pen.ellipse(0.74, 0.38, 0.06, 0.05, _BLACK)
    pen.line(((0.84, 0.52), (0.62, 0.48)), 0.05, shade(coat, 0.4))
