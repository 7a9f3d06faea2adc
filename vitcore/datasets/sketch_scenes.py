"""Backgrounds for sketch10: 32x32 scenes of gradients and smooth noise."""

from collections.abc import Callable

import numpy as np

SIDE = 32


def _stretch(count: int) -> np.ndarray:
    """Matrix (32, count) that stretches `count` values over the image, linearly."""
    at = np.linspace(0, count - 1, SIDE)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count))).astype(np.float32)


_STRETCH = {count: _stretch(count) for count in (2, 3, 4, 5, 8, 16, 32)}
_ROWS = np.arange(SIDE, dtype=np.float32)[:, None]
_COLUMNS = np.arange(SIDE, dtype=np.float32)[None, :]

# Colours are (red, green, blue), 0 to 255; a scene picks one and moves it a little.
_SKY = ((120, 170, 225), (165, 200, 235), (200, 210, 220), (90, 125, 190), (235, 190, 150))
_WATER = ((50, 95, 140), (70, 130, 150), (95, 120, 135), (40, 70, 95), (120, 160, 185))
_GRASS = ((95, 140, 60), (120, 150, 75), (75, 110, 50), (150, 155, 85), (165, 145, 90))
_ROAD = ((110, 110, 112), (140, 138, 135), (80, 82, 88), (165, 155, 140), (190, 190, 195))
_LEAVES = ((50, 80, 40), (70, 95, 50), (35, 55, 35), (95, 100, 55), (110, 85, 45))
_WALL = ((200, 190, 170), (225, 222, 215), (160, 140, 120), (140, 160, 175), (170, 110, 90))
_FLOOR = ((150, 110, 75), (185, 160, 130), (115, 90, 75), (200, 200, 195), (110, 110, 125))
_BRIGHT = ((245, 245, 245), (225, 225, 228), (215, 200, 165), (205, 215, 230), (180, 175, 170))


def natural_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """The colour of something that might stand in any scene: leaves, soil, wood or metal."""
    red, green, blue = np.clip(_tone(rng, _LEAVES + _GRASS + _FLOOR + _ROAD), 0, 255)
    return int(red), int(green), int(blue)


def _noise(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Smooth noise (32, 32, 1), coarse where `rows` and `columns` are few."""
    values = rng.standard_normal((rows, columns), dtype=np.float32)
    return (_STRETCH[rows] @ values @ _STRETCH[columns].T)[:, :, None]


def _tone(rng: np.random.Generator, palette: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    colour = np.array(palette[rng.integers(len(palette))], np.float32)
    return colour * rng.uniform(0.8, 1.15) + rng.normal(0, 8, 3).astype(np.float32)


def _fade(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    share = (_ROWS / (SIDE - 1))[:, :, None]
    return top * (1 - share) + bottom * share + np.zeros((SIDE, SIDE, 3), np.float32)


def _sky(rng: np.random.Generator) -> np.ndarray:
    top = _tone(rng, _SKY)
    scene = _fade(top, top * 0.6 + rng.uniform(80, 105))
    if rng.random() < 0.6:
        clouds = _noise(rng, 5, 4) + 0.5 * _noise(rng, 16, 8)
        scene += np.clip(clouds - rng.uniform(-0.4, 0.6), 0, 1) * (rng.uniform(225, 250) - scene)
    return scene


def _leaves(rng: np.random.Generator) -> np.ndarray:
    scene = _tone(rng, _LEAVES) + 14 * _noise(rng, 8, 8) + 12 * _noise(rng, 16, 16)
    for _ in range(rng.integers(0, 4)):  # trunks
        at, width = rng.uniform(0, SIDE), rng.uniform(0.6, 2.2)
        trunk = np.clip(width + 0.5 - np.abs(_COLUMNS - at), 0, 1)[:, :, None]
        scene += trunk * (rng.uniform(30, 110) * np.array([1, 0.85, 0.7], np.float32) - scene)
    return scene


def _wall(rng: np.random.Generator) -> np.ndarray:
    scene = _tone(rng, _WALL) + 6 * _noise(rng, 3, 3) + np.zeros((SIDE, SIDE, 3), np.float32)
    if rng.random() < 0.6:  # a door, a window or a piece of furniture
        left, top = rng.integers(-6, 26), rng.integers(-6, 12)
        wide, high = rng.integers(5, 16), rng.integers(8, 24)
        box = scene[max(0, top) : top + high, max(0, left) : max(0, left + wide)]
        box += 0.75 * (_tone(rng, _WALL + _FLOOR + _LEAVES) - box)
    return scene


def _water(rng: np.random.Generator) -> np.ndarray:
    tone = _tone(rng, _WATER)
    return _fade(tone * 1.15, tone * 0.9) + 9 * _noise(rng, 32, 8) + 6 * _noise(rng, 16, 4)


def _grass(rng: np.random.Generator) -> np.ndarray:
    return _tone(rng, _GRASS) + 8 * _noise(rng, 4, 4) + rng.uniform(4, 11) * _noise(rng, 32, 32)


def _road(rng: np.random.Generator) -> np.ndarray:
    return _tone(rng, _ROAD) + 5 * _noise(rng, 4, 3) + rng.uniform(2, 8) * _noise(rng, 32, 32)


def _floor(rng: np.random.Generator) -> np.ndarray:
    return _tone(rng, _FLOOR) + 7 * _noise(rng, 8, 3) + 4 * _noise(rng, 16, 16)


def _bright(rng: np.random.Generator) -> np.ndarray:
    tone = _tone(rng, _BRIGHT)
    return _fade(tone, tone * rng.uniform(0.8, 1.05)) + 3 * _noise(rng, 4, 4)


def _patchwork(rng: np.random.Generator) -> np.ndarray:
    tones = rng.uniform(50, 205, (3, 3, 1)) + rng.uniform(-35, 35, (3, 3, 3))
    smooth = np.einsum("ra,cb,abk->rck", _STRETCH[3], _STRETCH[3], tones.astype(np.float32))
    return smooth + rng.uniform(4, 18) * _noise(rng, 16, 16)


Part = Callable[[np.random.Generator], np.ndarray]
# What a scene may show above and below its horizon.
_PARTS: dict[str, tuple[tuple[Part, ...], tuple[Part, ...]]] = {
    "sky": ((_sky,), (_sky,)),
    "field": ((_sky, _leaves), (_grass,)),
    "water": ((_sky, _sky, _leaves), (_water,)),
    "road": ((_sky, _leaves, _wall), (_road,)),
    "forest": ((_leaves,), (_leaves, _grass)),
    "room": ((_wall,), (_floor,)),
    "bright": ((_bright,), (_bright,)),
    "patchwork": ((_patchwork,), (_patchwork,)),
}
SCENES = tuple(_PARTS)


def scene(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Draw one background.

    Args:
        rng: decides everything that is left open.
        kind: one of `SCENES`.

    Returns:
        (32, 32, 3) float32, about 0 to 255.
    """
    above, below = _PARTS[kind]
    upper = above[rng.integers(len(above))]
    lower = below[rng.integers(len(below))]
    if upper is lower:
        return upper(rng)
    horizon = rng.uniform(7, 23) + rng.normal(0, 0.06) * (_COLUMNS - SIDE / 2)
    share = np.clip(_ROWS - horizon + 0.5, 0, 1)[:, :, None]
    return upper(rng) * (1 - share) + lower(rng) * share
