"""The timeline of a training as one animated image, for slides and messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from explorer.client.snapshot_metrics import Looked, Weights, tiles_of
from explorer.client.snapshots import Moment
from explorer.components.timeline.component import Film
from explorer.figures.style import Palette
from explorer.text.findings import UNDECIDED, percent
from explorer.text.formatting import signed
from explorer.text.names import class_names
from vitcore.config import CLASS_NAMES
from vitcore.patches import model_input

KINDS = {"webp": ("WebP", "image/webp"), "gif": ("GIF", "image/gif")}
_SIDE, _GAP, _TOP, _BOTTOM = 216, 20, 44, 40  # pixels: a panel, and what is around it
_WIDTH = 4 * _SIDE + 5 * _GAP
_PACE, _REST = 250, 2000  # milliseconds: a moment, and the last one
_BARS = 10


class NothingToShowError(ValueError):
    """No moment of the film is known yet."""


def animated(film: Film, kind: str, colours: Palette) -> bytes:
    """All known moments of a film: positions, filters, attention and answer, and the step below.

    Args:
        film: what is known.
        kind: one of KINDS.
        colours: of the theme to draw in.

    Raises:
        ValueError: for another kind, or a film without a known moment.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    images = list(_frames(film, colours))
    if not images:
        raise NothingToShowError("an animation needs a known snapshot, got none")
    shared = {
        "save_all": True,
        "append_images": images[1:],
        "duration": [_PACE] * (len(images) - 1) + [_REST],
        "loop": 0,
    }
    file = BytesIO()
    if kind == "webp":
        images[0].save(file, "WEBP", quality=82, method=4, **shared)
    else:
        images[0].save(file, "GIF", **shared)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Scales:
    """What colours stand for, the same in all moments."""

    reach: float  # cosines around a moment's mean
    brightest: float  # share of a patch in the last block


def _frames(film: Film, colours: Palette) -> Iterator[Image.Image]:
    known = [
        (moment, weights, looked)
        for moment, weights, looked in zip(
            film.history.moments, film.weights, film.looks, strict=True
        )
        if isinstance(weights, Weights) and isinstance(looked, Looked)
    ]
    if not known:
        return
    brightest = [float(looked.maps[-1].mean(axis=0).max()) for *_, looked in known]
    scales = _Scales(
        max(0.02, *(weights.spread[1] for _, weights, _ in known)),
        max(2 / known[0][2].maps.shape[-1], *brightest),
    )
    seen = model_input(
        film.selection.image.pixels,
        film.selection.patch_size,
        image_size=film.history.config.image_size,
    )
    for moment, weights, looked in known:
        yield _frame(film, seen, moment, weights, looked, scales, colours)


def _frame(
    film: Film,
    seen: np.ndarray,
    moment: Moment,
    weights: Weights,
    looked: Looked,
    scales: _Scales,
    colours: Palette,
) -> Image.Image:
    image = Image.new("RGB", (_WIDTH, _TOP + _SIDE + _BOTTOM), colours.background)
    draw, large = ImageDraw.Draw(image), ImageFont.load_default(15)
    blocks = len(looked.maps)
    correlation = ""
    if weights.closeness is not None:  # Pillow's font has no minus sign
        correlation = f": r = {signed(weights.closeness).replace('−', '-')}"
    titles = (
        f"Position embeddings{correlation}",
        "Embedding filters",
        f"Attention, block {blocks}",
        "Prediction",
    )
    for number, title in enumerate(titles):
        draw.text((_left(number), 16), title, colours.text, large)
    panels = (
        _positions(weights, scales.reach, colours),
        _filters(weights, film.order, colours),
        _attention(seen, looked.maps[-1].mean(axis=0), scales.brightest, colours),
    )
    for number, panel in enumerate(panels):
        image.paste(panel, (_left(number), _TOP))
    _answer(draw, looked.probabilities, film.selection.image.label, colours)
    draw.text((_GAP, _TOP + _SIDE + 12), _when(film, moment), colours.text, large)
    return image


def _left(panel: int) -> int:
    return _GAP + panel * (_SIDE + _GAP)


def _when(film: Film, moment: Moment) -> str:
    total, per_epoch = film.history.steps, film.history.steps_per_epoch
    words = f"{film.history.folder.name}: step {moment.step:,}"
    words += f" / {total:,}" if total else ""
    words += f", epoch {moment.step / per_epoch:.1f}" if per_epoch else ""
    return words + (", best" if moment.step == film.history.best_at else "")


def _table(colours: tuple[str, ...]) -> np.ndarray:
    """256 colours between those given: (256, 3) uint8."""
    stops = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in colours])
    places = np.linspace(0, len(stops) - 1, 256)
    between = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.rint(np.stack(between, axis=-1)).astype(np.uint8)


def _grid(tiles: np.ndarray, columns: int, colours: Palette) -> Image.Image:
    """Small images (n, h, w, 3) uint8 in rows, enlarged without blurring."""
    panel = Image.new("RGB", (_SIDE, _SIDE), colours.background)
    edges = np.rint(np.linspace(0, _SIDE, columns + 1)).astype(int)
    gap = 0 if columns == 1 else max(1, round(_SIDE / columns * 0.08))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        left, top = int(edges[column]), int(edges[row])
        size = int(edges[column + 1]) - left - gap, int(edges[row + 1]) - top - gap
        panel.paste(Image.fromarray(tile).resize(size, Image.Resampling.NEAREST), (left, top))
    return panel


def _positions(weights: Weights, reach: float, colours: Palette) -> Image.Image:
    if weights.similarity is None:
        panel = Image.new("RGB", (_SIDE, _SIDE), colours.background)
        ImageDraw.Draw(panel).rectangle((0, 0, _SIDE - 1, _SIDE - 1), outline=colours.border)
        return panel
    side = round(weights.similarity.shape[1] ** 0.5)
    cosines = weights.similarity / 127.5 - 1 - weights.spread[0]
    codes = np.rint(127.5 + 127.5 * np.clip(cosines / reach, -1, 1)).astype(np.uint8)
    tiles = _table(colours.diverging)[codes].reshape(-1, side, side, 3)
    return _grid(tiles, len(tiles_of(side)), colours)


def _filters(weights: Weights, order: np.ndarray, colours: Palette) -> Image.Image:
    images = np.rint(255 * weights.components.images[order]).astype(np.uint8)
    return _grid(images, int(np.ceil(len(images) ** 0.5)), colours)


def _attention(
    seen: np.ndarray, shares: np.ndarray, brightest: float, colours: Palette
) -> Image.Image:
    """The image below its map: low darkens, high glows."""
    side = round(len(shares) ** 0.5)
    parts = np.clip(shares / max(brightest, 1e-9), 0, 1)
    codes = np.rint(255 * parts).astype(np.uint8).reshape(side, side)
    opacity = np.minimum(0.94, 0.9 * (0.5 + 0.5 * np.sqrt(parts))).reshape(side, side)
    over = np.dstack([_table(colours.sequential)[codes], np.rint(255 * opacity).astype(np.uint8)])
    size, crisp = (_SIDE, _SIDE), Image.Resampling.NEAREST
    below = Image.fromarray(np.ascontiguousarray(seen)).resize(size, crisp).convert("RGBA")
    above = Image.fromarray(over, "RGBA").resize(size, crisp)
    return Image.alpha_composite(below, above).convert("RGB")


def _answer(
    draw: ImageDraw.ImageDraw, probabilities: np.ndarray, truth: int | None, colours: Palette
) -> None:
    names = class_names(len(probabilities))
    known = names == CLASS_NAMES
    shown = np.arange(len(probabilities)) if known else np.argsort(-probabilities)[:_BARS]
    left, small, step = _left(3), ImageFont.load_default(13), _SIDE / _BARS
    undecided = np.ptp(probabilities) < UNDECIDED
    for row, index in enumerate(shown[:_BARS]):
        share, top = float(probabilities[index]), _TOP + row * step
        best = not undecided and index == probabilities.argmax()
        name = names[index]
        draw.text((left, top + 2), name, colours.text, small)
        if index == truth:
            length = draw.textlength(name, small)
            draw.line((left, top + 18, left + length, top + 18), colours.text)
        start, end = left + 82, left + _SIDE - 34
        draw.rectangle((start, top + 6, end, top + 14), colours.border)
        fill = colours.first if best else colours.third
        draw.rectangle((start, top + 6, start + share * (end - start), top + 14), fill)
        draw.text((left + _SIDE, top + 2), percent(share), colours.text, small, anchor="ra")
