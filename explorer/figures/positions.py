"""Position similarity as a chart: arrays in, Plotly figures out."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import NAME_BESIDE, Palette, beside_the_camera, plain, remembered
from explorer.text.language import tr


@remembered
def similarity_against_distance(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]], *, colours: Palette
) -> go.Figure:
    """Mean cosine similarity of two positions against their distance, one line per encoding.

    Args:
        lines: by label, distances (K,) in patches, rising, and mean cosines (K,). The first is the
            main one, drawn in the first colour with marks.
        colours: of the theme.

    Raises:
        ValueError: where a line's two arrays are not (K,).
    """
    figure = go.Figure()
    styles = [
        {"color": colours.first, "width": 2.5},
        {"color": colours.second, "width": 1.5},
        {"color": colours.second, "width": 1.5, "dash": "dash"},
        {"color": colours.third, "width": 1.5, "dash": "dot"},
    ]
    for index, (label, (distances, cosines)) in enumerate(lines.items()):
        if distances.ndim != 1 or distances.shape != cosines.shape:
            raise ValueError(
                f"distances and cosines must be (K,), got {distances.shape} and {cosines.shape}"
            )
        figure.add_scatter(
            x=distances,
            y=cosines,
            name=label,
            mode="lines+markers" if index == 0 else "lines",
            marker={"size": 5},
            line=styles[min(index, len(styles) - 1)],
            hovertemplate=tr("distance %{x:.1f}: %{y:.2f}") + NAME_BESIDE,
        )
    plain(figure, colours, height=300)
    figure.update_xaxes(title=tr("distance (patches)"), rangemode="tozero")
    figure.update_yaxes(title=tr("mean cosine similarity"), zeroline=True)
    return beside_the_camera(figure)
