"""Evaluation charts: arrays in, Plotly figures out."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.figures.style import Palette, contrast, mixed, plain, remembered
from explorer.text.language import tr

_SHORT = 3  # letters of a class name that fit below its column


@remembered
def confusion_matrix(
    matrix: np.ndarray,
    names: Sequence[str],
    *,
    colours: Palette,
    chosen: tuple[int, int] | None = None,
    height: int = 470,
) -> go.Figure:
    """How often each true label (row) was predicted as each class (column).

    The diagonal is shaded in the first color, errors in the second; each by its fraction of the
    row, errors up to the largest one.

    Args:
        matrix: (C, C) counts.
        names: of the C classes.
        colours: of the theme.
        chosen: row and column that are framed.
        height: pixels.

    Raises:
        ValueError: if `matrix` is not (C, C) with a name for each class.
    """
    count = len(names)
    if matrix.shape != (count, count):
        raise ValueError(f"matrix must be ({count}, {count}), got {matrix.shape}")
    figure = go.Figure()
    grounds = _shaded(figure, matrix, colours)
    _counted(figure, matrix, grounds)
    _answering(figure, matrix, names)
    plain(figure, colours, height=height)
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": colours.text, "width": 2},
        )
    ticks = {
        "tickvals": list(range(count)),
        "ticktext": list(names),
        "range": [-0.5, count - 0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
    figure.update_layout(
        xaxis={
            **ticks,
            "title": {"text": tr("Predicted label")},
            "tickangle": 0 if max(map(len, names)) <= _SHORT else -45,
        },
        yaxis={**ticks, "title": {"text": tr("True label")}, "range": [count - 0.5, -0.5]},
        dragmode=False,
    )
    return figure


def _row_shares(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _shaded(figure: go.Figure, matrix: np.ndarray, colours: Palette) -> np.ndarray:
    """Cells, the diagonal in one color, the others in another; returns them as RGB (C, C, 3)."""
    shares, right = _row_shares(matrix), np.eye(len(matrix), dtype=bool)
    grounds = np.zeros((*matrix.shape, 3))
    largest = max(float(shares[~right].max(initial=0.0)), 1e-9)
    for cells, colour, most in ((right, colours.first, 1.0), (~right, colours.second, largest)):
        figure.add_heatmap(
            z=np.where(cells, shares, np.nan),
            zmin=0.0,
            zmax=most,
            autocolorscale=False,  # Streamlit's template would take its own otherwise
            colorscale=[[0.0, colours.background], [1.0, colour]],
            showscale=False,
            hoverinfo="skip",
            xgap=1,
            ygap=1,
        )
        grounds[cells] = mixed(colours.background, colour, shares[cells] / most)
    return grounds


def _counted(figure: go.Figure, matrix: np.ndarray, grounds: np.ndarray) -> None:
    """The counts, black or white, whichever reads better: on light cells Plotly's own are gray."""
    in_black = contrast("#000000", grounds) >= contrast("#ffffff", grounds)
    for cells, ink in ((in_black, "#000000"), (~in_black, "#ffffff")):
        figure.add_heatmap(
            z=np.where(cells & (matrix > 0), 0.0, np.nan),
            autocolorscale=False,
            colorscale=[[0.0, "rgba(0,0,0,0)"], [1.0, "rgba(0,0,0,0)"]],
            text=np.where(cells & (matrix > 0), matrix.astype(str), ""),
            texttemplate="%{text}",
            textfont={"color": ink},
            showscale=False,
            hoverinfo="skip",
        )


def _answering(figure: go.Figure, matrix: np.ndarray, names: Sequence[str]) -> None:
    """Unseen marks above the cells: heat maps answer to no click in Streamlit."""
    shares = _row_shares(matrix)
    rows, columns = np.divmod(np.arange(matrix.size), len(names))
    words = [
        _told(names[row], names[column], int(matrix[row, column]), shares[row, column])
        for row, column in zip(rows, columns, strict=True)
    ]
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"symbol": "square", "size": 34, "opacity": 0.0},
        selected={"marker": {"opacity": 0.0}},
        unselected={"marker": {"opacity": 0.0}},
        text=words,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _told(label: str, predicted: str, count: int, share: float) -> str:
    """What the pointer reads of a cell."""
    values = {"label": label, "predicted": predicted, "count": f"{count:,}"}
    part = tr("{fraction} of {label} images", fraction=f"{share:.1%}", label=label)
    return f"{tr('{label} → {predicted}: {count}', **values)}<br>{part}"


@remembered
def reliability_diagram(
    confidence: np.ndarray,
    accuracy: np.ndarray,
    counts: np.ndarray,
    *,
    colours: Palette,
    height: int = 330,
) -> go.Figure:
    """Accuracy against confidence, beside perfect calibration.

    Args:
        confidence: (M,) mean of each bin; the bins have equal width.
        accuracy: (M,) of each bin.
        counts: (M,) images in each bin; empty bins are left out.
        colours: of the theme.
        height: pixels.

    Raises:
        ValueError: if the three are not as many.
    """
    if not confidence.shape == accuracy.shape == counts.shape or confidence.ndim != 1:
        raise ValueError(
            "confidence, accuracy and counts must have shape (M,), "
            f"got {confidence.shape}, {accuracy.shape} and {counts.shape}"
        )
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.76, 0.24], vertical_spacing=0.06)
    filled = counts > 0
    _perfect(figure, colours)
    middle, width = (np.arange(len(counts)) + 0.5) / len(counts), 0.94 / len(counts)
    figure.add_bar(
        x=middle[filled],
        y=accuracy[filled],
        width=width,
        name=tr("accuracy"),
        marker={"color": colours.first},
        customdata=np.stack([confidence[filled], counts[filled]], axis=1),
        hovertemplate=tr("mean confidence %{customdata[0]:.1%}, accuracy %{y:.1%}")
        + "<br>"
        + tr("%{customdata[1]:,} images")
        + "<extra></extra>",
    )
    _mean_confidence(figure, middle[filled], confidence[filled], colours)
    figure.add_bar(
        x=middle,
        y=counts,
        width=width,
        marker={"color": colours.third},
        showlegend=False,
        hovertemplate=tr("%{y:,} images") + "<extra></extra>",
        row=2,
        col=1,
    )
    plain(figure, colours, height=height)
    quiet_lower_axes(figure, colours)
    figure.update_layout(
        xaxis={"range": [0, 1.04], "showticklabels": False},
        xaxis2={
            "range": [0, 1.04],  # else there is no room for "100%"
            "tickformat": ".0%",
            "dtick": 0.2,
            "title": {"text": tr("confidence")},
        },
        yaxis={"range": [0, 1.02], "tickformat": ".0%", "title": {"text": tr("accuracy")}},
        yaxis2={"nticks": 3, "rangemode": "tozero", "title": {"text": tr("images")}},
        dragmode=False,
    )
    return figure


def _perfect(figure: go.Figure, colours: Palette) -> None:
    """The diagonal, where accuracy equals confidence."""
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name=tr("perfect calibration"),
        line={"dash": "dot", "width": 1.5, "color": colours.third},
        hoverinfo="skip",
    )


def _mean_confidence(
    figure: go.Figure, middle: np.ndarray, confidence: np.ndarray, colours: Palette
) -> None:
    """A short level line in each bin, at its mean confidence."""
    figure.add_scatter(
        x=middle,
        y=confidence,
        mode="markers",
        name=tr("mean confidence"),
        marker={
            "symbol": "line-ew-open",
            "size": 14,
            "color": colours.second,
            "line": {"width": 2.5, "color": colours.second},
        },
        hoverinfo="skip",
    )


def quiet_lower_axes(figure: go.Figure, colours: Palette) -> None:
    """The house style for the axes of the lower plot, which `plain` does not know."""
    axis = {
        "automargin": True,
        "gridcolor": colours.border,
        "zerolinecolor": colours.border,
        "linecolor": colours.border,
    }
    figure.update_layout(
        xaxis2={**axis, "showgrid": False},
        yaxis2=axis,
        legend={"x": 0, "xanchor": "left"},  # the toolbar stands at the right
    )
