"""The lens as one still image: the input, and the map of every head for one query."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# As drawing.js draws: color lies only where attention is, over an image nearer to gray and page.
_OPACITY, _DARKEST, _GRAYER, _VEIL = 0.88, 0.2, 0.55, 0.2
_LARGE = 0.55  # how much of that grayness the image has where it is drawn large
_LUMA = np.array([0.3, 0.59, 0.11])
_PAGE = 255.0
_INK, _QUIET = "#1D2327", "#5B6469"
_WIDE, _HIGH = 1050, 900  # pixels that the maps take, about
_SMALLEST, _LARGEST = 36, 192  # sides of a map
_CAPTIONED = 96  # the smallest map that has its maximum written below
_GAP, _EDGE, _AXIS, _RAMP = 8, 24, 34, 200
_LONGEST = 120  # characters of a line
_DETAIL = 250_000  # pixels of the image in all maps together: a PNG has few bytes for each
_PALETTES = (  # of a PNG that has to be small, the best first
    (256, Image.Quantize.MEDIANCUT),
    (256, Image.Quantize.FASTOCTREE),
    (64, Image.Quantize.FASTOCTREE),
)


def heads_figure(
    maps: np.ndarray,
    image: np.ndarray,
    ramp: Sequence[str],
    *,
    title: str,
    lines: Sequence[str] = (),
    query: tuple[int, int] | None = None,
    shared: bool = False,
    named: tuple[Sequence[str], Sequence[str]] | None = None,
) -> np.ndarray:
    """The image beside the maps of all heads, with the numbers of blocks and heads, and a legend.

    Args:
        maps: (L, H, rows, columns), not negative.
        image: (height, width, 3) uint8.
        ramp: colors as `#rrggbb`, low to high.
        title: the first line.
        lines: below it.
        query: (row, column) of the selected patch, which gets a ring.
        shared: whether all maps have one scale.
        named: what blocks and heads are called; by default their numbers from 1.

    Returns:
        (pixels, pixels, 3) uint8.
    """
    title, *lines = map(_one_line, (title, *lines))
    large, plain, small = (ImageFont.load_default(size) for size in (26, 20, 17))
    depth, count, rows, columns = maps.shape
    blocks, heads = named or (_numbers(depth), _numbers(count))
    cell = _cell(maps.shape)
    high, wide = rows * cell, columns * cell
    caption = 26 if wide >= _CAPTIONED else 0
    step = wide + _GAP, high + _GAP + caption
    top = _EDGE + 40 + 30 * len(lines) + _AXIS
    area = depth * step[0] - _GAP, count * step[1] - _GAP
    side = max(240, min(480, area[1]))  # of the image's longer side
    unit = max(1, side // max(rows, columns))
    shown = columns * unit, rows * unit
    left = _EDGE + shown[0] + 4 * _EDGE
    said = f"max. {100 * maps.max():.1f}% (shared scale)" if shared else "max. (per-map scale)"
    words = [large.getlength(title), *(plain.getlength(line) for line in lines)]
    width = int(max(left + max(area[0], _RAMP + 60 + plain.getlength(said)), _EDGE + max(words)))
    page = Image.new(
        "RGB", (width + _EDGE, top + max(area[1] + 60, shown[1]) + _EDGE), (int(_PAGE),) * 3
    )
    draw = ImageDraw.Draw(page)
    draw.text((_EDGE, _EDGE - 4), title, _INK, large)
    for i, line in enumerate(lines):
        draw.text((_EDGE, _EDGE + 36 + 30 * i), line, _INK, plain)

    page.paste(_resized(image, shown), (_EDGE, top))
    _grid_lines(page, (_EDGE, top), unit, rows, columns)
    if query is not None:
        _ring(draw, (_EDGE + query[1] * unit, top + query[0] * unit), unit)
    detail = max(1, int((_DETAIL / maps.size) ** 0.5))  # pixels of the image in a patch of a map
    few = _resized(image, (detail * columns, detail * rows)) if detail < cell else image
    under = _muted(np.asarray(_resized(np.asarray(few), (wide, high))), 1.0)
    for block, head in np.ndindex(depth, count):
        x, y = left + block * step[0], top + head * step[1]
        most = float(maps.max() if shared else maps[block, head].max())
        tile = over(maps[block, head] / (most or 1.0), under, ramp)
        page.paste(Image.fromarray(tile), (x, y))
        if query is not None:
            _ring(draw, (x + query[1] * cell, y + query[0] * cell), cell)
        if caption:
            share = f"{100 * float(maps[block, head].max()):.1f}%"
            draw.text((x + wide, y + high + 4), share, _QUIET, small, anchor="ra")
    draw.text((left - 6, top - 8), "block", _QUIET, small, anchor="rs")
    for block, name in enumerate(blocks):
        draw.text((left + block * step[0], top - 8), name, _INK, plain, anchor="ls")
    first = left - 16 - plain.getlength(heads[0])
    draw.text((first, top + high // 2), "head", _QUIET, small, anchor="rm")
    for head, name in enumerate(heads):
        draw.text((left - 10, top + head * step[1] + high // 2), name, _INK, plain, anchor="rm")

    foot = top + area[1] + 34
    draw.text((left, foot), "0", _INK, plain, anchor="lm")
    bar = np.linspace(0, 1, _RAMP)[None].repeat(16, axis=0)
    page.paste(
        Image.fromarray(over(bar, np.full((16, _RAMP, 3), _PAGE), ramp)), (left + 22, foot - 8)
    )
    draw.text((left + 34 + _RAMP, foot), said, _INK, plain, anchor="lm")
    return np.asarray(page)


def over(shares: np.ndarray, under: np.ndarray, ramp: Sequence[str]) -> np.ndarray:
    """A map over what lies under it, as the lens draws it.

    Args:
        shares: (rows, columns) in [0, 1], of the scale's maximum.
        under: (height, width, 3), whole cells.
        ramp: colors as `#rrggbb`.

    Returns:
        (height, width, 3) uint8, nothing blurred.
    """
    colors = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in ramp], float)
    places = np.linspace(0, 1, len(colors))
    at = _DARKEST + (1 - _DARKEST) * shares
    color = np.stack([np.interp(at, places, channel) for channel in colors.T], axis=-1)
    alpha = np.minimum(0.94, 1.05 * _OPACITY * np.sqrt(shares))[..., None]
    height, width = (side // n for side, n in zip(under.shape[:2], shares.shape, strict=True))
    color, alpha = (a.repeat(height, axis=0).repeat(width, axis=1) for a in (color, alpha))
    return np.rint((1 - alpha) * under + alpha * color).astype(np.uint8)


def as_png(pixels: np.ndarray, limit: int) -> bytes:
    """PNG with a palette, a coarser one where it would have more bytes than `limit`.

    Args:
        pixels: (height, width, 3) uint8.
        limit: bytes, kept where 64 colors allow it.
    """
    image = Image.fromarray(pixels)
    for palette in _PALETTES:
        file = io.BytesIO()
        image.quantize(*palette, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= limit:
            break
    return file.getvalue()


def _one_line(text: str) -> str:
    """As long as a line is read, of characters that Pillow's font has."""
    text = " ".join(text.split()).replace("×", "x")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _numbers(count: int) -> list[str]:
    return [str(i + 1) for i in range(count)]


def _cell(shape: tuple[int, ...]) -> int:
    """Pixels of one patch in the maps, at least 2."""
    depth, count, rows, columns = shape
    side = min(_WIDE / depth, _HIGH / count, _LARGEST)
    return max(2, round(max(side, _SMALLEST) / max(rows, columns)))


def _resized(image: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """Means where it becomes smaller, whole pixels where larger."""
    grows = size[0] >= image.shape[1]
    how = Image.Resampling.NEAREST if grows else Image.Resampling.BOX
    return Image.fromarray(image).resize(size, how)


def _muted(image: np.ndarray, strength: float) -> np.ndarray:
    """Grayer and nearer to the page, as much as attention is opaque."""
    strength *= _OPACITY
    gray = (image @ _LUMA)[..., None]
    grayer = image + (gray - image) * (_GRAYER * strength)
    return grayer + (_PAGE - grayer) * (_VEIL * strength)


def _grid_lines(
    page: Image.Image, corner: tuple[int, int], unit: int, rows: int, columns: int
) -> None:
    x, y = corner
    draw, white = ImageDraw.Draw(page, "RGBA"), (255, 255, 255, 90)
    for at in range(x + unit, x + columns * unit, unit):
        draw.line([at, y, at, y + rows * unit - 1], white)
    for at in range(y + unit, y + rows * unit, unit):
        draw.line([x, at, x + columns * unit - 1, at], white)


def _ring(draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: int) -> None:
    """Black and white, visible on every color; around small cells, inside large ones."""
    thick, inset = (2, 0) if cell >= 20 else (1, -2)
    for color in ("black", "white", "black"):
        low, high = inset, cell - 1 - inset
        box = [corner[0] + low, corner[1] + low, corner[0] + high, corner[1] + high]
        draw.rectangle(box, outline=color, width=thick)
        inset += thick
