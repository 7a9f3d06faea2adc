"""The four vehicles of sketch10, each facing right in a box from -1 to 1 (y points down)."""

import numpy as np

from vitcore.datasets.sketch_pen import Colour, Pen, shade

_PAINTS = (
    (200, 30, 35), (30, 70, 165), (240, 240, 240), (40, 42, 48), (170, 175, 182),
    (235, 190, 40), (35, 110, 65), (225, 110, 35), (110, 30, 50), (120, 160, 190),
)  # fmt: skip
_PALE = ((245, 245, 248), (225, 228, 232), (200, 206, 214), (235, 230, 215), (175, 182, 192))
_GLASS = ((45, 60, 80), (25, 32, 42), (130, 165, 190))
_TYRE = (22, 22, 25)
_HUB = (150, 152, 158)


def pick(rng: np.random.Generator, palette: tuple[Colour, ...]) -> Colour:
    """One colour of the palette, a little lighter or darker."""
    return shade(palette[rng.integers(len(palette))], rng.uniform(0.85, 1.1))


def airplane_side(pen: Pen, rng: np.random.Generator) -> None:
    body, accent = pick(rng, _PALE), pick(rng, _PAINTS)
    # The wing and tail that lie behind the body.
    pen.polygon(((0.2, -0.08), (-0.08, -0.08), (-0.42, -0.46), (-0.28, -0.46)), shade(body, 0.6))
    pen.polygon(((-0.98, -0.62), (-0.78, -0.62), (-0.48, -0.08), (-0.86, -0.08)), accent)
    pen.polygon(
        ((-0.98, -0.12), (-0.5, -0.17), (0.6, -0.17), (0.85, -0.09), (0.98, 0.04),
         (0.8, 0.13), (0.3, 0.17), (-0.4, 0.13)),
        body,
    )  # fmt: skip
    pen.polygon(
        ((-0.4, 0.13), (0.3, 0.17), (0.8, 0.13), (0.98, 0.04), (0, 0.06)), shade(body, 0.75)
    )
    pen.polygon(((0.68, -0.14), (0.84, -0.08), (0.7, -0.04)), _GLASS[1])
    pen.line(((-0.5, -0.06), (0.55, -0.06)), 0.05, _GLASS[0])
    pen.ellipse(0.16, 0.24, 0.16, 0.09, shade(body, 0.5))
    pen.polygon(((0.26, 0.04), (-0.1, 0.06), (-0.58, 0.6), (-0.36, 0.6)), shade(body, 0.85))
    pen.polygon(((-0.7, -0.03), (-0.88, -0.03), (-1.0, 0.2), (-0.88, 0.2)), shade(body, 0.7))


def airplane_above(pen: Pen, rng: np.random.Generator) -> None:
    body, accent = pick(rng, _PALE), pick(rng, _PAINTS)
    sweep = rng.uniform(0.1, 0.55)
    for side in (-1, 1):
        wing = ((0.25, 0), (-0.15, 0), (-sweep - 0.12, 0.95 * side), (0.06 - sweep, 0.95 * side))
        pen.polygon(wing, shade(body, 0.82 if side > 0 else 0.95))
        pen.ellipse(0.12 - 0.35 * sweep, 0.4 * side, 0.14, 0.065, shade(body, 0.5))
        pen.polygon(
            ((-0.7, 0), (-0.9, 0), (-1.0, 0.36 * side), (-0.88, 0.36 * side)), shade(accent, 0.9)
        )
    pen.polygon(
        ((-0.98, -0.03), (-0.5, -0.11), (0.7, -0.12), (0.98, 0), (0.7, 0.12), (-0.5, 0.11),
         (-0.98, 0.03)),
        body,
    )  # fmt: skip
    pen.line(((-1.0, 0), (-0.6, 0)), 0.07, accent)
    pen.polygon(((0.72, -0.08), (0.86, 0), (0.72, 0.08)), _GLASS[1])


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.ellipse(x, y, radius, radius, _TYRE)
    pen.ellipse(x, y, 0.5 * radius, 0.5 * radius, _HUB)


def automobile_side(pen: Pen, rng: np.random.Generator) -> None:
    paint, glass = pick(rng, _PAINTS), pick(rng, _GLASS)
    roof, rear = rng.uniform(-0.58, -0.42), rng.uniform(-0.75, -0.5)
    cabin = ((rear - 0.1, -0.02), (rear + 0.2, roof), (0.22, roof), (0.58, -0.02))
    pen.polygon(cabin, shade(paint, 0.9))
    pen.polygon(
        ((rear + 0.08, -0.04), (rear + 0.26, roof + 0.08), (-0.17, roof + 0.08), (-0.17, -0.04)),
        glass,
    )
    pen.polygon(((-0.08, -0.04), (-0.08, roof + 0.08), (0.18, roof + 0.08), (0.44, -0.04)), glass)
    pen.polygon(
        ((-0.98, 0.34), (-0.98, 0.04), (-0.9, -0.06), (0.58, -0.06), (0.92, 0.06), (0.99, 0.34)),
        paint,
    )
    pen.box(-0.96, 0.26, 0.98, 0.38, shade(paint, 0.55))
    pen.ellipse(0.9, 0.13, 0.08, 0.07, (255, 240, 180))
    pen.box(-0.99, 0.04, -0.9, 0.16, (190, 20, 25))
    pen.line(((-0.12, 0.0), (-0.12, 0.25)), 0.03, shade(paint, 0.6))
    for x in (-0.56, 0.56):
        pen.ellipse(x, 0.34, 0.26, 0.26, shade(paint, 0.4))
        _wheel(pen, x, 0.38, 0.22)


def automobile_front(pen: Pen, rng: np.random.Generator) -> None:
    paint, glass = pick(rng, _PAINTS), pick(rng, _GLASS)
    for x in (-0.62, 0.62):
        pen.box(x - 0.16, 0.3, x + 0.16, 0.74, _TYRE)
    pen.polygon(((-0.72, 0.0), (-0.46, -0.58), (0.46, -0.58), (0.72, 0.0)), paint)
    pen.polygon(((-0.58, -0.02), (-0.4, -0.48), (0.4, -0.48), (0.58, -0.02)), glass)
    pen.polygon(((-0.3, -0.02), (-0.12, -0.46), (0.02, -0.46), (-0.14, -0.02)), shade(glass, 1.5))
    pen.polygon(
        ((-0.9, 0.52), (-0.9, 0.12), (-0.72, -0.02), (0.72, -0.02), (0.9, 0.12), (0.9, 0.52)),
        shade(paint, 0.95),
    )
    pen.box(-0.88, 0.42, 0.88, 0.58, shade(paint, 0.5))
    pen.box(-0.36, 0.2, 0.36, 0.36, (30, 30, 34))
    pen.box(-0.2, 0.42, 0.2, 0.54, (235, 235, 230))
    for x in (-0.64, 0.64):
        pen.ellipse(x, 0.24, 0.16, 0.12, (255, 244, 200))
        pen.ellipse(x, 0.24, 0.08, 0.07, (255, 255, 255))
        pen.box(1.4 * x - 0.09, -0.16, 1.4 * x + 0.09, -0.04, shade(paint, 0.7))


def truck_side(pen: Pen, rng: np.random.Generator) -> None:
    paint, glass = pick(rng, _PAINTS), pick(rng, _GLASS)
    cargo, top = pick(rng, _PALE + _PAINTS), rng.uniform(-0.8, -0.6)
    pen.box(-0.96, 0.3, 0.96, 0.44, (45, 45, 50))
    pen.box(-0.98, top, 0.32, 0.34, cargo)
    pen.box(-0.98, top, 0.32, top + 0.07, shade(cargo, 1.25))
    pen.box(-0.98, 0.22, 0.32, 0.34, shade(cargo, 0.65))
    if rng.random() < 0.5:
        pen.box(-0.86, top + 0.28, 0.2, top + 0.5, pick(rng, _PAINTS))
    else:
        for x in (-0.72, -0.46, -0.2, 0.06):
            pen.line(((x, top + 0.08), (x, 0.2)), 0.04, shade(cargo, 0.75))
    pen.polygon(
        ((0.38, 0.4), (0.38, -0.42), (0.74, -0.42), (0.9, -0.04), (0.97, 0.0), (0.97, 0.4)), paint
    )
    pen.polygon(((0.5, -0.06), (0.5, -0.33), (0.7, -0.33), (0.83, -0.06)), glass)
    pen.box(0.4, 0.26, 0.98, 0.4, shade(paint, 0.55))
    pen.ellipse(0.93, 0.16, 0.06, 0.07, (255, 240, 180))
    for x in (-0.74, -0.36, 0.66):
        _wheel(pen, x, 0.48, 0.2)


def truck_front(pen: Pen, rng: np.random.Generator) -> None:
    """The cab seen from the front, the cargo box standing out behind and beside it."""
    paint, glass = pick(rng, _PAINTS), pick(rng, _GLASS)
    cargo = pick(rng, _PALE + _PAINTS)
    for x in (-0.86, -0.5, 0.34, 0.78):
        _wheel(pen, x, 0.62, 0.2)
    pen.polygon(((-0.98, -0.62), (0.0, -0.96), (0.0, 0.6), (-0.98, 0.52)), shade(cargo, 0.75))
    for x in (-0.7, -0.4):
        pen.line(((x, -0.62), (x, 0.5)), 0.04, shade(cargo, 0.55))
    pen.box(0.0, -0.96, 0.94, 0.5, cargo)
    pen.box(0.04, -0.5, 0.92, 0.62, paint)
    pen.box(0.12, -0.42, 0.84, -0.04, glass)
    pen.line(((0.48, -0.42), (0.48, -0.04)), 0.04, shade(paint, 0.7))
    pen.box(0.26, 0.1, 0.7, 0.36, (40, 40, 44))
    for y in (0.16, 0.25):
        pen.line(((0.28, y), (0.68, y)), 0.03, (150, 150, 155))
    pen.box(0.02, 0.44, 0.94, 0.62, shade(_HUB, 1.2))
    for x in (0.16, 0.82):
        pen.ellipse(x, 0.3, 0.08, 0.08, (255, 244, 190))


def _foam(pen: Pen, rng: np.random.Generator, left: float, right: float, y: float) -> None:
    count = 6
    for i in range(count):
        x = left + (right - left) * (i + 0.5) / count
        pen.ellipse(x, y + rng.uniform(-0.02, 0.03), 0.16, 0.05, (225, 236, 242))


def ship_cargo(pen: Pen, rng: np.random.Generator) -> None:
    hull = pick(rng, ((35, 45, 70), (130, 30, 30), (30, 30, 34), (235, 235, 235), (40, 90, 100)))
    house = pick(rng, _PALE)
    pen.line(((-0.2, -0.9), (-0.2, -0.2)), 0.04, (70, 70, 75))
    pen.box(-0.8, -0.34, -0.2, 0.1, house)
    pen.box(-0.68, -0.6, -0.34, -0.3, shade(house, 0.92))
    pen.box(-0.62, -0.54, -0.36, -0.45, _GLASS[0])
    pen.line(((-0.74, -0.2), (-0.26, -0.2)), 0.05, _GLASS[0])
    pen.line(((-0.74, -0.06), (-0.26, -0.06)), 0.05, _GLASS[0])
    funnel = pick(rng, _PAINTS)
    pen.polygon(((-0.66, -0.6), (-0.62, -0.92), (-0.44, -0.92), (-0.42, -0.6)), funnel)
    pen.box(-0.64, -0.84, -0.43, -0.76, (240, 240, 240))
    if rng.random() < 0.7:
        for x in (-0.12, 0.14, 0.4):
            pen.box(x, -0.14, x + 0.22, 0.1, pick(rng, _PAINTS))
            if rng.random() < 0.6:
                pen.box(x, -0.36, x + 0.22, -0.14, pick(rng, _PAINTS))
    else:
        pen.polygon(((-0.2, -0.2), (0.3, -0.1), (0.7, 0.1), (-0.2, 0.1)), shade(house, 0.9))
    pen.polygon(((-0.96, 0.02), (0.68, 0.06), (0.99, -0.1), (0.74, 0.52), (-0.84, 0.52)), hull)
    pen.polygon(((-0.88, 0.38), (0.81, 0.38), (0.74, 0.52), (-0.84, 0.52)), (140, 45, 40))
    pen.line(((-0.94, 0.1), (0.9, 0.1)), 0.04, shade(hull, 1.5))
    _foam(pen, rng, -0.95, 0.85, 0.54)


def ship_sail(pen: Pen, rng: np.random.Generator) -> None:
    hull, sail = pick(rng, _PAINTS), pick(rng, ((250, 250, 248), (240, 235, 220), (235, 225, 200)))
    pen.line(((0.02, -0.98), (0.02, 0.3)), 0.06, (95, 70, 50))
    pen.polygon(((-0.04, -0.92), (-0.04, 0.16), (-0.76, 0.16), (-0.4, -0.4)), sail)
    pen.polygon(((0.08, -0.86), (0.74, 0.14), (0.08, 0.14)), shade(sail, 0.85))
    if rng.random() < 0.5:
        pen.polygon(
            ((-0.04, -0.36), (-0.04, -0.14), (-0.62, -0.06), (-0.46, -0.3)), pick(rng, _PAINTS)
        )
    pen.polygon(((-0.9, 0.22), (0.98, 0.18), (0.66, 0.56), (-0.7, 0.56)), hull)
    pen.line(((-0.88, 0.26), (0.94, 0.23)), 0.06, (245, 245, 240))
    _foam(pen, rng, -0.8, 0.76, 0.58)
