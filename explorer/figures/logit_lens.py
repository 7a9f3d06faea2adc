"""The logit lens and token norms, as charts: arrays in, Plotly figures out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import Palette, beside_the_camera, plain, remembered
from explorer.text.language import tr


@remembered
def logit_lens(
    probabilities: np.ndarray,
    names: Sequence[str],
    *,
    answer: int,
    other: int,
    colours: Palette,
) -> go.Figure:
    """Class probabilities after each block: one line per class, two of them colored.

    Args:
        probabilities: (L+1, C), at the embedding and after each block.
        names: of the C classes.
        answer: the class of the first color.
        other: the class of the second.
        colours: of the theme.

    Raises:
        ValueError: if `probabilities` is not (L+1, C) with a name for each class.
    """
    if probabilities.ndim != 2 or probabilities.shape[1] != len(names):
        raise ValueError(f"probabilities must be (L+1, {len(names)}), got {probabilities.shape}")
    places = np.arange(len(probabilities))
    styles = {
        answer: {"color": colours.first, "width": 3},
        other: {"color": colours.second, "width": 2, "dash": "dash"},
    }
    order = [c for c in range(len(names)) if c not in styles] + [other, answer]
    traces = [
        {
            "type": "scatter",
            "x": places,
            "y": probabilities[:, index],
            "mode": "lines+markers" if index in styles else "lines",
            "name": names[index],
            "line": styles.get(index, {"color": colours.third, "width": 1}),
            "opacity": 1.0 if index in styles else 0.65,
            "marker": {"size": 6},
            "text": [_place(place) for place in places],
            "hovertemplate": _told(names[index]),
            "showlegend": index in styles,
        }
        for index in dict.fromkeys(order)
    ]
    axes = {
        "xaxis": {
            "title": {"text": tr("after block (0 = embedding)")},
            "tickvals": places,
            "range": [-0.25, len(probabilities) - 0.75],
        },
        "yaxis": {"title": {"text": tr("probability")}, "tickformat": ".0%", "range": [0, 1.02]},
        "annotations": _words_at_peaks(probabilities, names, set(styles), colours),
        "dragmode": False,
    }
    figure = plain(go.Figure({"data": traces, "layout": axes}), colours, height=340)
    return beside_the_camera(figure)


@remembered
def token_norms(
    norms: np.ndarray,
    outliers: np.ndarray,
    *,
    prefix: int,
    columns: int,
    colours: Palette,
) -> go.Figure:
    """The norm of every token, at the embedding and after each block.

    Args:
        norms: (L+1, T), L2.
        outliers: (L+1, N) bool, patches that are marked; T = prefix + N.
        prefix: tokens before the patches.
        columns: of the grid.
        colours: of the theme.

    Raises:
        ValueError: if the two do not fit each other.
    """
    count = norms.shape[1] - prefix
    if outliers.shape != (len(norms), count):
        raise ValueError(f"outliers must be ({len(norms)}, {count}), got {outliers.shape}")
    places, patches = np.arange(len(norms)), norms[:, prefix:]
    before = [
        {
            "type": "scatter",
            "x": places,
            "y": norms[:, token],
            "mode": "markers",
            "name": tr("prefix token"),
            "marker": {"size": 10, "symbol": "diamond-open", "color": colours.second},
            "hovertemplate": "%{y:.1f}<extra></extra>",
            "showlegend": token == 0,
        }
        for token in range(prefix)
    ]
    median = {
        "type": "scatter",
        "x": places,
        "y": np.median(patches, axis=1),
        "mode": "lines",
        "name": tr("median"),
        "line": {"color": colours.first, "width": 2},
        "hovertemplate": tr("median: %{y:.1f}") + "<extra></extra>",
    }
    axes = {
        "xaxis": {
            "title": {"text": tr("after block (0 = embedding)")},
            "tickvals": places,
            "range": [-0.5, len(norms) - 0.5],
        },
        "yaxis": {"title": {"text": tr("L2 norm")}, "rangemode": "tozero"},
        "dragmode": False,
    }
    data = [*_patches(patches, outliers, columns, colours), *before, median]
    figure = plain(go.Figure({"data": data, "layout": axes}), colours, height=340)
    return beside_the_camera(figure)


def _patches(
    lengths: np.ndarray, outliers: np.ndarray, columns: int, colours: Palette
) -> list[dict[str, Any]]:
    """Patches (L+1, N) from left to right in raster order, those of high norm apart."""
    stops, count = lengths.shape
    aside = (np.arange(count) - (count - 1) / 2) * (0.56 / max(count, 2))
    x = (np.arange(stops)[:, None] + aside).ravel()
    words = [
        f"({patch // columns + 1}, {patch % columns + 1}) {_place(place)}"
        for place, patch in np.ndindex(stops, count)
    ]
    kinds = (
        (tr("patch"), ~outliers.ravel(), {"size": 4, "color": colours.third, "opacity": 0.6}),
        (tr("high-norm patch"), outliers.ravel(), {"size": 9, "color": colours.second}),
    )
    return [
        {
            "type": "scatter",
            "x": x[chosen],
            "y": lengths.ravel()[chosen],
            "mode": "markers",
            "name": name,
            "marker": marker,
            "text": [word for word, keep in zip(words, chosen, strict=True) if keep],
            "hovertemplate": "%{text}: %{y:.1f}<extra></extra>",
        }
        for name, chosen, marker in kinds
        if chosen.any()
    ]


def _place(place: int) -> str:
    return tr("at the embedding") if place == 0 else tr("after block {block}", block=place)


def _told(name: str) -> str:
    """What the pointer reads of a class; `text` is the block."""
    said = tr("{label} {where}: {probability}", label=name, where="%{text}", probability="%{y:.1%}")
    return f"{said}<extra></extra>"


def _words_at_peaks(
    probabilities: np.ndarray, names: Sequence[str], coloured: set[int], colours: Palette
) -> list[dict[str, Any]]:
    """The names of the other classes that lead somewhere, each where it leads most."""
    found = []
    for index in sorted(set(probabilities.argmax(axis=1).tolist()) - coloured):
        place = int(probabilities[:, index].argmax())
        height = float(probabilities[place, index])
        near = [one for one in found if abs(one["x"] - place) < 2 and abs(one["y"] - height) < 0.08]
        found.append(
            {
                "x": place,
                "y": height,
                "text": names[index],
                "showarrow": False,
                "yshift": 11 + 14 * len(near),  # one name above another, not through it
                "xanchor": "left" if place == 0 else "center",
                "font": {"color": colours.third, "size": 12},
            }
        )
    return found
