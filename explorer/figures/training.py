"""Training curves: epochs and values in, Plotly figures out."""

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.figures.style import Palette, plain

Points = tuple[Sequence[float], Sequence[float]]  # epochs, values; as many of each


def curve(
    train: Points,
    validation: Points | None = None,
    *,
    name: str,
    epochs: float,
    colours: Palette,
    revision: str,
    highest: float | None = None,
    share: bool = False,
    logarithmic: bool = False,
    height: int = 250,
) -> go.Figure:
    """One quantity over the epochs: training solid, validation dashed, of one hue.

    Args:
        train: points of the training.
        validation: points on the pictures held back, or None where there is no such quantity.
        name: of the quantity, for the pointer.
        epochs: how many the run is to do; the axis reaches there from the start.
        colours: of the theme.
        revision: of one run; while it stays, a zoomed figure stays zoomed when points come in.
        highest: the largest value there will be, where that is known: the axis ends there.
        share: the values are shares from 0 to 1, shown as percentages on a fixed axis.
        logarithmic: a logarithmic axis; without it the axis starts at zero.
        height: pixels.

    Raises:
        ValueError: if a curve has not as many epochs as values.
    """
    for points in (train, validation or ((), ())):
        if len(points[0]) != len(points[1]):
            raise ValueError(
                "a curve must have as many epochs as values, "
                f"got {len(points[0])} and {len(points[1])}"
            )
    figure = go.Figure()
    values = ":.1%" if share else ":.4~g"
    figure.add_scatter(
        x=list(train[0]),
        y=list(train[1]),
        name="training",
        mode="lines+markers" if len(train[0]) == 1 else "lines",
        line={"color": colours.first, "width": 1.75},
        hovertemplate=f"epoch %{{x:.2f}}: %{{y{values}}}<extra>{name}, training</extra>",
    )
    if validation is not None:
        figure.add_scatter(
            x=list(validation[0]),
            y=list(validation[1]),
            name="held back",
            mode="lines+markers",
            line={"color": colours.first, "width": 1.75, "dash": "dash"},
            marker={"size": 6, "color": colours.background, "line": {"width": 1.5}},
            hovertemplate=f"epoch %{{x:.2f}}: %{{y{values}}}<extra>{name}, held back</extra>",
        )
        figure.data[1].marker.line.color = colours.first
    plain(figure, colours, height=height)
    figure.update_layout(uirevision=revision, showlegend=validation is not None)
    # A little room, so that the last point is not cut in half.
    figure.update_xaxes(
        range=[0, 1.02 * epochs], title="epoch", dtick=1 if 2 < epochs <= 6 else None
    )
    if not len(train[0]):  # its place only: axes without points would show numbers of nothing
        figure.update_xaxes(showticklabels=False, title="")
        figure.update_yaxes(range=[0, 1], showticklabels=False, showgrid=False, zeroline=False)
        figure.update_layout(showlegend=False)
        figure.add_annotation(
            text="from the first step on", x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
        )
    elif share:
        figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    elif logarithmic:
        figure.update_yaxes(type="log", tickformat="~g", dtick="D1" if _narrow(train[1]) else None)
    elif highest is not None:
        figure.update_yaxes(range=[0, 1.05 * highest], tickformat="~g")
    else:
        figure.update_yaxes(rangemode="tozero", tickformat="~g")
    return figure


def _narrow(values: Sequence[float]) -> bool:
    """Whether a logarithmic axis over these values would have at most one power of ten on it."""
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) < 10 * min(positive)
