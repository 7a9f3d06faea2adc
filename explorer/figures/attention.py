"""Attention as charts: arrays in, Plotly figures out."""

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import Palette, plain


def distance_by_block(
    distances: np.ndarray, *, even: float, farthest: float, colours: Palette
) -> go.Figure:
    """How far each head of each block looks, beside what an even spread and the farthest give.

    Args:
        distances: (L, H) mean attention distance, pixels of the picture.
        even: the distance of an even spread, pixels.
        farthest: the largest distance that the grid allows, pixels.
        colours: of the theme.

    Raises:
        ValueError: if `distances` is not (L, H).
    """
    if distances.ndim != 2 or 0 in distances.shape:
        raise ValueError(f"distances must be (L, H), got {distances.shape}")
    blocks, heads = distances.shape
    numbers = np.arange(1, blocks + 1)
    ends = [0.7, blocks + 0.3]
    lines = [
        {
            "type": "scatter",
            "x": ends,
            "y": [height, height],
            "mode": "lines",
            "name": words,
            "line": {"dash": dash, "width": 1.5, "color": colours.third},
            "hovertemplate": f"{words}: %{{y:.1f}} px<extra></extra>",
        }
        for height, dash, words in (
            (farthest, "dash", "the farthest patch"),
            (even, "dot", "an even spread"),
        )
    ]
    mean = {
        "type": "scatter",
        "x": numbers,
        "y": distances.mean(axis=1),
        "mode": "lines",
        "name": "mean of heads",
        "line": {"width": 2, "color": colours.first},
        "hoverinfo": "skip",
    }
    marks = {
        "type": "scatter",
        "x": np.repeat(numbers, heads),
        "y": distances.ravel(),
        "mode": "markers",
        "name": "one head",
        "marker": {
            "size": 9,
            "symbol": "circle-open",
            "color": colours.second,
            "line": {"width": 2, "color": colours.second},
        },
        "customdata": np.tile(np.arange(1, heads + 1), blocks),
        "hovertemplate": "block %{x}, head %{customdata}: %{y:.1f} px<extra></extra>",
    }
    axes = {
        "xaxis": {"title": {"text": "block"}, "dtick": 1, "range": ends},
        "yaxis": {
            "title": {"text": "mean distance, pixels"},
            "range": [0, 1.08 * max(farthest, 1.0)],
        },
    }
    return plain(go.Figure({"data": [*lines, mean, marks], "layout": axes}), colours, height=300)
