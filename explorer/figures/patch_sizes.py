"""Models by patch size, as a chart: arrays in, a Plotly figure out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.evaluation import quiet_lower_axes
from explorer.figures.style import NAME_BESIDE, Palette, plain, remembered
from explorer.text.language import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSizeSeries:
    """One model over the patch sizes at which it was evaluated."""

    name: str
    patch_sizes: Sequence[int]
    accuracy: Sequence[float]  # 0 to 1
    operations: Sequence[float]  # FLOPs of one image's forward pass
    tokens: Sequence[int]


@remembered
def accuracy_and_cost(
    models: Sequence[PatchSizeSeries],
    *,
    sizes: Sequence[int],
    now: int,
    colours: Palette,
    height: int = 400,
) -> go.Figure:
    """Accuracy above and FLOPs below against the patch size, the current one marked.

    Args:
        models: the first is the main one.
        sizes: all stops of the slider, in order; they stand at equal distances.
        now: the current one.
        colours: of the theme.
        height: pixels.

    Raises:
        ValueError: if `now` or a measured size is no stop.
    """
    measured = {size for model in models for size in model.patch_sizes} | {now}
    if not measured <= set(sizes):
        raise ValueError(f"patch sizes must be among {tuple(sizes)}, got {sorted(measured)}")
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.07)
    places = {size: place for place, size in enumerate(sizes)}
    styles = [
        {"color": colours.first, "width": 2.5},
        {"color": colours.second, "width": 2, "dash": "dash"},
        {"color": colours.third, "width": 2, "dash": "dot"},
    ]
    for number, model in enumerate(models):
        _lines(figure, model, places, styles[min(number, len(styles) - 1)])
    plain(figure, colours, height=height)
    quiet_lower_axes(figure, colours)
    _mark(figure, places[now], colours)
    ticks = _ticks(models, sizes, now)
    figure.update_layout(
        xaxis={**ticks, "showticklabels": False},
        xaxis2={**ticks, "title": {"text": tr("patch size / tokens")}},
        yaxis={"range": [0, 1], "tickformat": ".0%", "title": {"text": tr("accuracy")}},
        yaxis2={
            "type": "log",
            "dtick": 1,
            "tickformat": ",~r",
            "title": {"text": tr("MFLOPs per image")},
        },
        dragmode=False,
    )
    return figure


def _lines(
    figure: go.Figure, model: PatchSizeSeries, places: dict[int, int], line: dict[str, Any]
) -> None:
    """One model's accuracy above, its FLOPs below."""
    shared = {
        "x": [places[size] for size in model.patch_sizes],
        "mode": "lines+markers",
        "line": line,
        "marker": {"size": 7},
        "name": model.name,
        "legendgroup": model.name,
    }
    figure.add_scatter(
        **shared,
        y=list(model.accuracy),
        customdata=list(model.patch_sizes),
        hovertemplate=tr("P = %{customdata}: accuracy %{y:.1%}") + NAME_BESIDE,
    )
    figure.add_scatter(
        **shared,
        y=[value / 1e6 for value in model.operations],
        customdata=list(zip(model.patch_sizes, model.tokens, strict=True)),
        hovertemplate=tr("P = %{customdata[0]}: %{customdata[1]} tokens, %{y:,.0f} MFLOPs")
        + NAME_BESIDE,
        showlegend=False,
        row=2,
        col=1,
    )


def _mark(figure: go.Figure, place: int, colours: Palette) -> None:
    """A dotted line through both parts."""
    figure.add_shape(
        type="line",
        x0=place,
        x1=place,
        y0=0,
        y1=1,
        xref="x2",
        yref="paper",
        line={"color": colours.text, "width": 1, "dash": "dot"},
        layer="below",
    )


def _ticks(models: Sequence[PatchSizeSeries], sizes: Sequence[int], now: int) -> dict[str, Any]:
    """Patch sizes, the current one bold, above their tokens."""
    tokens = {
        size: count
        for model in reversed(models)  # where they differ, by a class token, the first one's
        for size, count in zip(model.patch_sizes, model.tokens, strict=True)
    }
    words = {size: f"<b>{size}</b>" if size == now else str(size) for size in sizes}
    return {
        "tickvals": list(range(len(sizes))),
        "ticktext": [f"{words[size]}<br>{tokens.get(size, '')}" for size in sizes],
        "range": [-0.3, len(sizes) - 0.7],
    }
