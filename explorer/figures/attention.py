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
    figure = go.Figure()
    for height, words in ((even, "an even spread"), (farthest, "the farthest patch")):
        figure.add_hline(
            height,
            line={"dash": "dot", "width": 1, "color": colours.third},
            annotation={"text": words, "font_color": colours.text, "font_size": 12},
            annotation_position="top left",
        )
    figure.add_scatter(
        x=numbers,
        y=distances.mean(axis=1),
        mode="lines",
        name="mean of heads",
        line={"width": 2, "color": colours.first},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=np.repeat(numbers, heads),
        y=distances.ravel(),
        mode="markers",
        name="one head",
        marker={
            "size": 9,
            "symbol": "circle-open",
            "color": colours.second,
            "line": {"width": 2, "color": colours.second},
        },
        customdata=np.tile(np.arange(1, heads + 1), blocks),
        hovertemplate="block %{x}, head %{customdata}: %{y:.1f} px<extra></extra>",
    )
    figure.update_xaxes(title="block", dtick=1, range=[0.7, blocks + 0.3])
    figure.update_yaxes(title="mean distance, pixels", range=[0, 1.12 * max(farthest, 1.0)])
    return plain(figure, colours, height=300)
