"""Heads as charts: arrays in, Plotly figures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import Palette, beside_the_camera, plain, remembered
from explorer.text.language import tr

_FAR = 3.0  # times as long as for the heads alone: so long an axis may be for a line
_AS_IT_IS = {"marker": {"opacity": 1.0}}  # what is clicked looks like the rest


@remembered
def heads_ranked(
    change: np.ndarray,
    *,
    colours: Palette,
    off: Sequence[tuple[int, int]] = (),
    counting: bool = False,
    height: int = 430,
) -> go.Figure:
    """What ablating each head changes, the largest change on top.

    Args:
        change: (L, H) of a probability, -1 to 1.
        colours: of the theme.
        off: heads (block, head) that are ablated now; their names are struck out.
        counting: whether more images are to come: bars then keep the model's order.
        height: pixels.

    Raises:
        ValueError: if `change` is not (L, H).
    """
    if change.ndim != 2 or 0 in change.shape:
        raise ValueError(f"change must be (L, H), got {change.shape}")
    points = 100 * change.reshape(-1)
    # While it is counted no bar may jump: the model's own order.
    order = np.arange(len(points)) if counting else np.argsort(-np.abs(points), kind="stable")
    values, places = points[order], list(range(len(order)))
    pairs = [divmod(int(place), change.shape[1]) for place in order]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": places,
        "marker": {"color": [colours.diverging[0 if value < 0 else -1] for value in values]},
        "customdata": [
            [*pair, _name(*pair), f"{value:+.1f}".replace("-", "−")]
            for pair, value in zip(pairs, values, strict=True)
        ],
        "hovertemplate": tr("%{customdata[2]} ablated: %{customdata[3]} pp") + "<extra></extra>",
        "selected": _AS_IT_IS,
        "unselected": _AS_IT_IS,
    }
    figure = plain(go.Figure({"data": [bars]}), colours, height=height)
    room = 0.08 * max(float(np.abs(values).max()), 1.0)
    return figure.update_layout(
        xaxis={
            "title": {"text": tr("Δ probability (pp)")},
            "range": [min(values.min(), 0.0) - room, max(values.max(), 0.0) + room],
            "showgrid": True,
        },
        yaxis={
            "tickvals": places,
            "ticktext": [
                tr("{head} ablated", head=f"<s>{_name(*p)}</s>") if p in off else _name(*p)
                for p in pairs
            ],
            "range": [len(order) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
            "tickfont": {"size": 12 if len(order) <= 24 else 9},
        },
        bargap=0.25,
        dragmode=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A reference value, drawn over all blocks."""

    height: float
    words: str
    dash: str = "dot"


@remembered
def numbers_by_block(
    values: np.ndarray,
    *,
    title: str,
    unit: str,
    colours: Palette,
    lines: Sequence[Line] = (),
    spread: np.ndarray | None = None,
    enlarged: tuple[int, int] | None = None,
    digits: int = 1,
    height: int = 330,
) -> go.Figure:
    """One metric of every head, block by block, with reference lines.

    Args:
        values: (L, H), not negative.
        title: of the upright axis.
        unit: behind a number, such as " px".
        colours: of the theme.
        lines: to compare with.
        spread: (L, H) standard deviation over images, where there are several.
        enlarged: block and head that is shown large above; its circle is filled.
        digits: behind the point.
        height: pixels.

    Raises:
        ValueError: if `values` is not (L, H).
    """
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values must be (L, H), got {values.shape}")
    ends = [0.6, len(values) + 0.4]
    low, high = _range(values, spread, lines)
    compared = [
        {
            "type": "scatter",
            "x": ends,
            "y": [line.height if low <= line.height <= high else None] * 2,
            "mode": "lines",
            "name": _named(line, low, high, unit=unit, digits=digits),
            "line": {"dash": line.dash, "width": 1.5, "color": colours.third},
            "hoverinfo": "skip",
        }
        for line in lines
    ]
    mean = {
        "type": "scatter",
        "x": np.arange(1, len(values) + 1),
        "y": values.mean(axis=1),
        "mode": "lines",
        "name": tr("mean over heads"),
        "line": {"width": 2, "color": colours.first},
        "hoverinfo": "skip",
    }
    marks = _circles(values, spread, enlarged, colours)
    told = _told(marks, high, colours, unit=unit, digits=digits)
    spike = {"showspikes": True, "spikethickness": 1, "spikedash": "dot", "spikesnap": "data"}
    axes = {
        "xaxis": {"title": {"text": tr("block")}, "dtick": 1, "range": ends, **spike},
        "yaxis": {"title": {"text": title}, "range": [low, high]},
        "dragmode": False,
        "hovermode": "x",
    }
    data = [*compared, mean, marks, told]
    figure = plain(go.Figure({"data": data, "layout": axes}), colours, height=height)
    return beside_the_camera(figure)


def _told(
    marks: dict[str, Any], top: float, colours: Palette, *, unit: str, digits: int
) -> dict[str, Any]:
    """What is pointed at, said at the upper edge: beside its circle it would hide the next one."""
    pairs = zip(marks["text"], marks["y"], strict=True)
    return {
        "type": "scatter",
        "x": marks["x"],
        "y": np.full(len(marks["y"]), top),
        "mode": "markers",
        "marker": {"size": 1, "opacity": 0, "color": colours.third},
        "text": [f"{name}: {value:.{digits}f}{unit}" for name, value in pairs],
        "customdata": marks["customdata"],
        "hoverinfo": "text",
        "showlegend": False,
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
    }


def _range(
    values: np.ndarray, spread: np.ndarray | None, lines: Sequence[Line]
) -> tuple[float, float]:
    """From where to where the axis goes: all heads, and the lines that are not far from them."""
    around = np.zeros_like(values) if spread is None else spread
    low, high = float((values - around).min()), float((values + around).max())
    own = max(high - low, 0.05 * abs(high)) or 1.0
    for line in lines:
        wider = min(low, line.height), max(high, line.height)
        if wider[1] - wider[0] <= _FAR * own:
            low, high = wider
    room = 0.1 * max(high - low, own)
    return (0.0 if 0 <= low < room else low - room), high + room


def _named(line: Line, low: float, high: float, *, unit: str, digits: int) -> str:
    said = {"name": line.words, "value": f"{line.height:.{digits}f}{unit}"}
    if line.height > high:
        return tr("{name} ({value}, above)", **said)
    if line.height < low:
        return tr("{name} ({value}, below)", **said)
    return tr("{name} ({value})", **said)


def _circles(
    values: np.ndarray,
    spread: np.ndarray | None,
    enlarged: tuple[int, int] | None,
    colours: Palette,
) -> dict[str, Any]:
    """One for each head, which knows its block and head."""
    blocks, heads = values.shape
    # Side by side, so that none hides another, and each keeps its place in every block.
    aside = (np.arange(heads) - (heads - 1) / 2) * min(0.2, 0.6 / heads)
    places = list(np.ndindex(blocks, heads))
    marks = {
        "type": "scatter",
        "x": (np.arange(1, blocks + 1)[:, None] + aside).ravel(),
        "y": values.ravel(),
        "mode": "markers",
        "name": tr("head"),
        "marker": {
            "size": 9,
            "symbol": ["circle" if place == enlarged else "circle-open" for place in places],
            "color": colours.second,
            "line": {"width": 2, "color": colours.second},
        },
        "customdata": [list(place) for place in places],
        "text": [_name(*place) for place in places],
        "hoverinfo": "none",
        "selected": _AS_IT_IS,
        "unselected": _AS_IT_IS,
    }
    if spread is not None:
        bars = {"type": "data", "array": spread.ravel(), "thickness": 1, "width": 0}
        marks["error_y"] = bars | {"color": colours.third}
    return marks


def _name(block: int, head: int) -> str:
    return f"L{block + 1}H{head + 1}"
