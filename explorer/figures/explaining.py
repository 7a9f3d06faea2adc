"""What explains an answer, as charts: arrays in, Plotly figures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import Palette, plain


def heads_ranked(
    change: np.ndarray,
    *,
    colours: Palette,
    off: Sequence[tuple[int, int]] = (),
    height: int = 430,
) -> go.Figure:
    """What switching each head off changes, the largest change on top.

    Args:
        change: (L, H) of a probability, -1 to 1.
        colours: of the theme.
        off: heads (block, head) that are switched off now; their names are struck out.
        height: pixels.

    Raises:
        ValueError: if `change` is not (L, H).
    """
    if change.ndim != 2 or 0 in change.shape:
        raise ValueError(f"change must be (L, H), got {change.shape}")
    flat = 100 * change.reshape(-1)
    order = np.argsort(-np.abs(flat), kind="stable")
    pairs = [divmod(int(place), change.shape[1]) for place in order]
    names = [f"block {block + 1}, head {head + 1}" for block, head in pairs]
    shown = [
        f"<s>{name}</s> off" if pair in off else name
        for name, pair in zip(names, pairs, strict=True)
    ]
    values = flat[order]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": list(range(len(order))),
        "marker": {"color": [colours.first if value < 0 else colours.second for value in values]},
        "customdata": [
            [*pair, name, f"{value:+.1f}".replace("-", "−")]
            for pair, name, value in zip(pairs, names, values, strict=True)
        ],
        "hovertemplate": "without %{customdata[2]}: %{customdata[3]} points<extra></extra>",
        # What is clicked keeps its colour, and so does the rest.
        "selected": {"marker": {"opacity": 1.0}},
        "unselected": {"marker": {"opacity": 1.0}},
    }
    reach = 1.08 * max(float(np.abs(values).max()), 1.0)
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    axes = {
        "xaxis": {
            "title": {"text": "change, percentage points"},
            "range": [min(low * 1.08, -0.08 * reach), max(high * 1.08, 0.08 * reach)],
            "showgrid": True,
            "zeroline": True,
        },
        "yaxis": {
            "tickvals": list(range(len(order))),
            "ticktext": shown,
            "range": [len(order) - 0.4, -0.6],
            "showgrid": False,
            "tickfont": {"size": 12 if len(order) <= 24 else 9},
        },
        "bargap": 0.25,
        "dragmode": False,
    }
    figure = plain(go.Figure({"data": [bars], "layout": axes}), colours, height=height)
    return figure.update_layout(
        xaxis={"showgrid": True},
        yaxis={"showgrid": False, "zeroline": False},
        paper_bgcolor=colours.background,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A height that means something, drawn over all blocks."""

    height: float
    words: str
    dash: str = "dot"


def numbers_by_block(
    values: np.ndarray,
    *,
    title: str,
    unit: str,
    colours: Palette,
    lines: Sequence[Line] = (),
    spread: np.ndarray | None = None,
    digits: int = 1,
    height: int = 330,
) -> go.Figure:
    """One number of every head, block by block, beside what it is to be compared with.

    Args:
        values: (L, H), not negative; NaN where it is not known.
        title: of the upright axis.
        unit: behind a number, such as " px".
        colours: of the theme.
        lines: to compare with.
        spread: (L, H) standard deviation over pictures, where there are several.
        digits: behind the point.
        height: pixels.

    Raises:
        ValueError: if `values` is not (L, H).
    """
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values must be (L, H), got {values.shape}")
    blocks, heads = values.shape
    numbers = np.arange(1, blocks + 1)
    ends = [0.6, blocks + 0.4]
    traces = [
        {
            "type": "scatter",
            "x": ends,
            "y": [line.height, line.height],
            "mode": "lines",
            "name": line.words,
            "line": {"dash": line.dash, "width": 1.5, "color": colours.third},
            "hovertemplate": f"{line.words}: %{{y:.{digits}f}}{unit}<extra></extra>",
        }
        for line in lines
    ]
    traces.append(
        {
            "type": "scatter",
            "x": numbers,
            "y": values.mean(axis=1),
            "mode": "lines",
            "name": "mean of heads",
            "line": {"width": 2, "color": colours.first},
            "hoverinfo": "skip",
        }
    )
    # Heads side by side, so that none hides another, and each keeps its place in every block.
    aside = (np.arange(heads) - (heads - 1) / 2) * min(0.12, 0.6 / heads)
    marks = {
        "type": "scatter",
        "x": (numbers[:, None] + aside).ravel(),
        "y": values.ravel(),
        "mode": "markers",
        "name": "one head",
        "marker": {
            "size": 9,
            "symbol": "circle-open",
            "color": colours.second,
            "line": {"width": 2, "color": colours.second},
        },
        "customdata": [[block, head] for block in range(blocks) for head in range(heads)],
        "text": [
            f"block {block + 1}, head {head + 1}"
            for block in range(blocks)
            for head in range(heads)
        ],
        "hovertemplate": f"%{{text}}: %{{y:.{digits}f}}{unit}<extra></extra>",
        "selected": {"marker": {"opacity": 1.0}},
        "unselected": {"marker": {"opacity": 1.0}},
    }
    if spread is not None:
        marks["error_y"] = {
            "type": "data",
            "array": spread.ravel(),
            "thickness": 1,
            "width": 0,
            "color": colours.third,
        }
    traces.append(marks)
    known = [line.height for line in lines] + [float(v) for v in values.ravel() if np.isfinite(v)]
    axes = {
        "xaxis": {"title": {"text": "block"}, "dtick": 1, "range": ends},
        "yaxis": {"title": {"text": title}, "range": [0, 1.1 * (max(*known, 0.0) or 1.0)]},
        "dragmode": False,
    }
    figure = plain(go.Figure({"data": traces, "layout": axes}), colours, height=height)
    return _beside_the_camera(figure, colours)


def early_answers(
    early: np.ndarray,
    names: Sequence[str],
    *,
    answer: int,
    other: int,
    colours: Palette,
    height: int = 340,
) -> go.Figure:
    """What the model would answer after each block: one line per class, two of them coloured.

    Args:
        early: (L+1, C) probabilities, stopped before block 0 .. at the end.
        names: of the C classes.
        answer: the class of the first colour.
        other: the class of the second.
        colours: of the theme.
        height: pixels.

    Raises:
        ValueError: if `early` is not (L+1, C) with a name for each class.
    """
    if early.ndim != 2 or early.shape[1] != len(names):
        raise ValueError(f"early must be (L+1, {len(names)}), got {early.shape}")
    places = np.arange(len(early))
    styles = {
        answer: {"color": colours.first, "width": 3},
        other: {"color": colours.second, "width": 2, "dash": "dash"},
    }
    order = [c for c in range(len(names)) if c not in styles] + [other, answer]
    traces = [
        {
            "type": "scatter",
            "x": places,
            "y": early[:, index],
            "mode": "lines+markers" if index in styles else "lines",
            "name": names[index],
            "line": styles.get(index, {"color": colours.third, "width": 1}),
            "opacity": 1.0 if index in styles else 0.65,
            "marker": {"size": 6},
            "text": [_place(place) for place in places],
            "hovertemplate": f"{names[index]} %{{text}}: %{{y:.1%}}<extra></extra>",
            "showlegend": index in styles,
        }
        for index in dict.fromkeys(order)
    ]
    axes = {
        "xaxis": {
            "title": {"text": "stopped after block"},
            "tickvals": places,
            "ticktext": ["embedding", *(str(place) for place in places[1:])],
            "range": [-0.25, len(early) - 0.75],
        },
        "yaxis": {"title": {"text": "probability"}, "tickformat": ".0%", "range": [0, 1.02]},
        "annotations": _words_at_peaks(early, names, set(styles), colours),
        "dragmode": False,
    }
    figure = plain(go.Figure({"data": traces, "layout": axes}), colours, height=height)
    return _beside_the_camera(figure, colours)


def token_lengths(
    norms: np.ndarray,
    outliers: np.ndarray,
    *,
    prefix: int,
    columns: int,
    colours: Palette,
    height: int = 340,
) -> go.Figure:
    """How long every token is, before block 0 and after each block.

    Args:
        norms: (L+1, T).
        outliers: (L+1, N) bool, patches that are marked; T = prefix + N.
        prefix: tokens before the patches.
        columns: of the grid.
        colours: of the theme.
        height: pixels.

    Raises:
        ValueError: if the two do not fit each other.
    """
    places, count = np.arange(len(norms)), norms.shape[1] - prefix
    if outliers.shape != (len(norms), count):
        raise ValueError(f"outliers must be ({len(norms)}, {count}), got {outliers.shape}")
    patches = norms[:, prefix:]
    aside = (np.arange(count) - (count - 1) / 2) * (0.56 / max(count, 2))
    x = (places[:, None] + aside).ravel()
    marked = outliers.ravel()
    words = [
        f"row {patch // columns + 1}, column {patch % columns + 1} {_place(place)}"
        for place in places
        for patch in range(count)
    ]
    traces = [
        {
            "type": "scatter",
            "x": x[chosen],
            "y": patches.ravel()[chosen],
            "mode": "markers",
            "name": name,
            "marker": {"size": size, "color": colour, "opacity": opacity},
            "text": [word for word, keep in zip(words, chosen, strict=True) if keep],
            "hovertemplate": "%{text}: %{y:.1f}<extra></extra>",
        }
        for name, chosen, size, colour, opacity in (
            ("one patch", ~marked, 4, colours.third, 0.6),
            ("far longer", marked, 9, colours.second, 1.0),
        )
        if chosen.any()
    ]
    traces += [
        {
            "type": "scatter",
            "x": places,
            "y": norms[:, token],
            "mode": "markers",
            "name": "class token" if token == 0 else "register",
            "marker": {"size": 10, "symbol": "diamond-open", "color": colours.second},
            "hovertemplate": "%{y:.1f}<extra></extra>",
            "showlegend": token < 2,
        }
        for token in range(prefix)
    ]
    traces.append(
        {
            "type": "scatter",
            "x": places,
            "y": np.median(patches, axis=1),
            "mode": "lines",
            "name": "median",
            "line": {"color": colours.first, "width": 2},
            "hovertemplate": "median: %{y:.1f}<extra></extra>",
        }
    )
    axes = {
        "xaxis": {
            "title": {"text": "after block"},
            "tickvals": places,
            "ticktext": ["embedding", *(str(place) for place in places[1:])],
            "range": [-0.5, len(norms) - 0.5],
        },
        "yaxis": {"title": {"text": "length"}, "rangemode": "tozero"},
        "dragmode": False,
    }
    figure = plain(go.Figure({"data": traces, "layout": axes}), colours, height=height)
    return _beside_the_camera(figure, colours)


def _place(place: int) -> str:
    return "before block 1" if place == 0 else f"after block {place}"


def _words_at_peaks(
    early: np.ndarray, names: Sequence[str], coloured: set[int], colours: Palette
) -> list[dict]:
    """The names of the other classes that lead somewhere, each where it leads most."""
    found = []
    for index in sorted(set(early.argmax(axis=1).tolist()) - coloured):
        place = int(early[:, index].argmax())
        found.append(
            {
                "x": place,
                "y": float(early[place, index]),
                "text": names[index],
                "showarrow": False,
                "yshift": 11,
                "xanchor": "left" if place == 0 else "center",
                "font": {"color": colours.third, "size": 12},
            }
        )
    return found


def _beside_the_camera(figure: go.Figure, colours: Palette) -> go.Figure:
    return figure.update_layout(
        margin={"l": 62},  # what the axis' numbers take, whatever is measured before they are drawn
        legend={"x": 0, "xanchor": "left"},  # the camera stands at the right
        paper_bgcolor=colours.background,  # a PNG of it is read on any ground
    )
