"""Small models compared by accuracy, as charts: records in, a Plotly figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.data.small_models import SmallModel
from explorer.figures.style import NAME_BESIDE, Palette, beside_the_camera, plain, remembered
from explorer.text.language import tr


@remembered
def accuracy_dots(
    models: Mapping[str, SmallModel], *, colours: Palette, height: int = 240
) -> go.Figure:
    """A dot for each seed's test accuracy and a line at their mean, a row for each model.

    Args:
        models: by the words of their rows, from the top.
        colours: of the theme.
        height: pixels.
    """
    figure = go.Figure()
    rows = list(models)
    for row, model in models.items():
        figure.add_scatter(
            x=list(model.test_accuracy),
            y=[row] * len(model.test_accuracy),
            mode="markers",
            marker={"size": 9, "color": colours.first, "opacity": 0.75},
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    figure.add_scatter(
        x=[model.mean for model in models.values()],
        y=rows,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 18, "color": colours.text},
        hovertemplate=tr("%{y}: mean %{x:.1%}") + "<extra></extra>",
    )
    for row, model in models.items():
        figure.add_annotation(
            x=max(model.test_accuracy), y=row, text=f"{model.mean:.1%}",
            xanchor="left", xshift=10, showarrow=False,
        )  # fmt: skip
    plain(figure, colours, height=height)
    figure.update_layout(
        showlegend=False,
        dragmode=False,
        xaxis={
            "title": {"text": tr("test accuracy")},
            "tickformat": ".0%",
            "dtick": 0.1,
            "range": [0, 1.3 * max(max(model.test_accuracy) for model in models.values())],
            "showgrid": True,
        },
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    return figure


@remembered
def accuracy_by_images(
    lines: Mapping[str, Sequence[SmallModel]], *, colours: Palette, height: int = 320
) -> go.Figure:
    """Test accuracy (solid) and training accuracy (dashed) against the number of training images.

    Args:
        lines: by the name of the network, its models in order of their training images.
        colours: of the theme.
        height: pixels.
    """
    figure = go.Figure()
    for (name, models), colour in zip(lines.items(), (colours.first, colours.second), strict=False):
        images = [model.images for model in models]
        test = [model.mean for model in models]
        train = [sum(model.train_accuracy) / len(model.train_accuracy) for model in models]
        for said, shares, dash in (
            (tr("{network}, test", network=name), test, "solid"),
            (tr("{network}, training", network=name), train, "dash"),
        ):
            figure.add_scatter(
                x=images,
                y=shares,
                name=said,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 8},
                hovertemplate=tr("%{x:,} images: %{y:.1%}") + NAME_BESIDE,
            )
    beside_the_camera(plain(figure, colours, height=height))
    first = next(iter(lines.values()))
    figure.update_layout(
        dragmode=False,
        xaxis={
            "type": "log",
            "title": {"text": tr("training images")},
            "tickvals": [model.images for model in first],
            "ticktext": [f"{model.images:,}" for model in first],
        },
        yaxis={"title": {"text": tr("accuracy")}, "tickformat": ".0%", "range": [0, 1.04]},
    )
    return figure
