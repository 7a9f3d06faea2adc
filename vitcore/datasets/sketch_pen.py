"""A pen that draws simple shapes through one rotation, scale and shift."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import ImageDraw

Colour = tuple[float, float, float]
Points = Sequence[tuple[float, float]] | np.ndarray  # (N, 2)

_CIRCLE = np.array(
    [(math.cos(a), math.sin(a)) for a in np.linspace(0, 2 * math.pi, 20, endpoint=False)]
)


def shade(colour: Colour, factor: float) -> Colour:
    """The same colour, darker (factor below 1) or lighter (above)."""
    red, green, blue = (min(255.0, v * factor) for v in colour)
    return red, green, blue


class Pen:
    """Draws on a four-band canvas; the fourth band becomes 255 where something was drawn.

    Args:
        draw: the canvas.
        matrix: (2, 2), from the drawing's own units to pixels.
        shift: (2,) pixels, where the drawing's origin lies.
    """

    def __init__(self, draw: ImageDraw.ImageDraw, matrix: np.ndarray, shift: np.ndarray) -> None:
        self._draw = draw
        self._matrix = matrix.T
        self._shift = shift
        self._unit = math.sqrt(abs(np.linalg.det(matrix)))  # pixels

    def polygon(self, points: Points, colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._place(points), fill=_fill(colour))

    def line(self, points: Points, width: float, colour: Colour) -> None:
        """Draw a bent line with round joints."""
        pixels = max(1, round(width * self._unit))
        self._draw.line(self._place(points), fill=_fill(colour), width=pixels, joint="curve")

    def ellipse(
        self, x: float, y: float, wide: float, high: float, colour: Colour, *, turn: float = 0.0
    ) -> None:
        """Fill an ellipse with radii `wide` and `high`, turned by `turn` radians."""
        points = _CIRCLE * (wide, high)
        if turn:
            cos, sin = math.cos(turn), math.sin(turn)
            points = points @ ((cos, sin), (-sin, cos))
        self.polygon(points + (x, y), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour)

    def _place(self, points: Points) -> list[float]:
        return (np.asarray(points) @ self._matrix + self._shift).ravel().tolist()


def _fill(colour: Colour) -> tuple[int, int, int, int]:
    red, green, blue = colour
    return int(red), int(green), int(blue), 255
