"""Every head's map over the picture as one picture, for a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_TILE = 192  # pixels per side, about
_GAP = 8
_VEIL = 0.88  # opacity of the largest share; nothing has half of it, as in the lens
_WHITE = 255


def mosaic(maps: np.ndarray, seen: np.ndarray, ramp: Sequence[str]) -> np.ndarray:
    """Blocks as columns, heads as rows, each map scaled by its own maximum.

    Args:
        maps: (L, H, rows, columns), not negative.
        seen: (height, width, 3) uint8, whole patches.
        ramp: colours as `#rrggbb`, low to high.

    Returns:
        (pixels, pixels, 3) uint8, nothing blurred.
    """
    blocks, heads, rows, columns = maps.shape
    factor = max(1, _TILE // seen.shape[0])
    under = seen.repeat(factor, axis=0).repeat(factor, axis=1).astype(np.float64)
    height, width = under.shape[:2]
    down, across = height // rows, width // columns
    shape = heads * (height + _GAP) - _GAP, blocks * (width + _GAP) - _GAP, 3
    whole = np.full(shape, _WHITE, np.uint8)
    colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in ramp], np.float64)
    places = np.linspace(0, 1, len(colours))
    for block, head in np.ndindex(blocks, heads):
        share = maps[block, head] / max(float(maps[block, head].max()), 1e-12)
        over = np.stack([np.interp(share, places, colours[:, i]) for i in range(3)], axis=-1)
        over = over.repeat(down, axis=0).repeat(across, axis=1)
        top, left = head * (height + _GAP), block * (width + _GAP)
        veil = _VEIL * (0.5 + 0.5 * np.sqrt(share))
        veil = veil.repeat(down, axis=0).repeat(across, axis=1)[..., None]
        mixed = (1 - veil) * under + veil * over
        whole[top : top + height, left : left + width] = np.rint(mixed)
    return whole
