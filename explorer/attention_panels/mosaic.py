"""Every head's map over the picture as one figure, for a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_TILE = 192  # pixels per side, about
_GAP = 8
_VEIL = 0.88  # opacity of the largest share; nothing has half of it, as in the lens
_WHITE = 255
_EDGE, _LEFT = 24, 84  # pixels around the figure, and for the heads' numbers
_HEAD, _FOOT, _CAPTION = 132, 60, 34  # above the maps, below them, and below each of them
_RAMP = 200  # length of the legend's bar
_LEGEND = "brightest: the highest of each map, written below it"


def heads_figure(
    maps: np.ndarray,
    seen: np.ndarray,
    ramp: Sequence[str],
    *,
    title: str,
    said: str,
    query: tuple[int, int] | None = None,
    common: bool = False,
) -> np.ndarray:
    """All heads with their blocks' and heads' numbers, each map's maximum, and a legend.

    Args:
        maps: (L, H, rows, columns), not negative.
        seen: (height, width, 3) uint8, whole patches.
        ramp: colours as `#rrggbb`, low to high.
        title: picture, model and patch size.
        said: what the maps show.
        query: (row, column) of the patch that looks, which gets a ring.
        common: whether all maps have one scale.

    Returns:
        (pixels, pixels, 3) uint8.
    """
    large, plain, small = (ImageFont.load_default(size) for size in (26, 20, 17))
    top = float(maps.max()) if common else None
    legend = _LEGEND if top is None else f"brightest: {100 * top:.1f} %, the highest of all maps"
    tiles = mosaic(maps, seen, ramp, gaps=(_CAPTION, _GAP), highest=top)
    blocks, heads, rows, columns = maps.shape
    high, wide = (
        (side + gap) // count - gap
        for side, gap, count in zip(tiles.shape, (_CAPTION, _GAP), (heads, blocks), strict=False)
    )
    needed = max(large.getlength(title), plain.getlength(said), plain.getlength(legend) + _RAMP)
    width = 2 * _EDGE + _LEFT + max(tiles.shape[1], int(needed) + 1)
    page = Image.new("RGB", (width, _HEAD + tiles.shape[0] + _CAPTION + _FOOT), "white")
    page.paste(Image.fromarray(tiles), (_EDGE + _LEFT, _HEAD))
    draw = ImageDraw.Draw(page)
    draw.text((_EDGE, _EDGE), title, "black", large)
    draw.text((_EDGE, _EDGE + 38), said, "black", plain)
    for block, head in np.ndindex(blocks, heads):
        x, y = _EDGE + _LEFT + block * (wide + _GAP), _HEAD + head * (high + _CAPTION)
        most = f"highest {100 * float(maps[block, head].max()):.1f} %"
        draw.text((x, y + high + 4), most, "#444444", small)
        if head == 0:
            draw.text((x, y - 28), f"block {block + 1}", "black", plain)
        if block == 0:
            draw.text((_EDGE, y + high // 2 - 12), f"head {head + 1}", "black", plain)
        if query is not None:
            row, column = query
            box = [x + column * wide // columns, y + row * high // rows]
            box += [box[0] + wide // columns - 1, box[1] + high // rows - 1]
            draw.rectangle(box, outline="black", width=4)
            draw.rectangle(
                [box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1], outline="white", width=2
            )
    foot = _HEAD + tiles.shape[0] + _CAPTION + 14
    places = np.linspace(0, 1, len(ramp))
    bar = np.stack([np.interp(np.linspace(0, 1, _RAMP), places, c) for c in _channels(ramp)], -1)
    bar = np.rint(bar).astype(np.uint8)[None].repeat(16, axis=0)
    draw.text((_EDGE + _LEFT, foot), "0", "black", plain)
    page.paste(Image.fromarray(bar), (_EDGE + _LEFT + 20, foot + 5))
    draw.text((_EDGE + _LEFT + 30 + _RAMP, foot), legend, "black", plain)
    return np.asarray(page)


def mosaic(
    maps: np.ndarray,
    seen: np.ndarray,
    ramp: Sequence[str],
    *,
    gaps: tuple[int, int] = (_GAP, _GAP),
    highest: float | None = None,
) -> np.ndarray:
    """Blocks as columns, heads as rows.

    Args:
        maps: (L, H, rows, columns), not negative.
        seen: (height, width, 3) uint8, whole patches.
        ramp: colours as `#rrggbb`, low to high.
        gaps: pixels between maps, down and across.
        highest: the brightest value of all maps; each map's own where None.

    Returns:
        (pixels, pixels, 3) uint8, nothing blurred.
    """
    blocks, heads, rows, columns = maps.shape
    factor = max(1, _TILE // seen.shape[0])
    under = seen.repeat(factor, axis=0).repeat(factor, axis=1).astype(np.float64)
    height, width = under.shape[:2]
    down, across = height // rows, width // columns
    below, aside = gaps
    shape = heads * (height + below) - below, blocks * (width + aside) - aside, 3
    whole = np.full(shape, _WHITE, np.uint8)
    colours = _channels(ramp).T
    places = np.linspace(0, 1, len(colours))
    for block, head in np.ndindex(blocks, heads):
        most = float(maps[block, head].max()) if highest is None else highest
        share = maps[block, head] / max(most, 1e-12)
        over = np.stack([np.interp(share, places, colours[:, i]) for i in range(3)], axis=-1)
        over = over.repeat(down, axis=0).repeat(across, axis=1)
        top, left = head * (height + below), block * (width + aside)
        veil = _VEIL * (0.5 + 0.5 * np.sqrt(share))
        veil = veil.repeat(down, axis=0).repeat(across, axis=1)[..., None]
        mixed = (1 - veil) * under + veil * over
        whole[top : top + height, left : left + width] = np.rint(mixed)
    return whole


def _channels(ramp: Sequence[str]) -> np.ndarray:
    """(3, n) float64, red, green and blue of each colour."""
    return np.array([[int(c[i : i + 2], 16) for c in ramp] for i in (1, 3, 5)], np.float64)
