"""Training curves: epochs and values in, figures out, for `components.curves` to draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.style import Palette, remembered
from explorer.text.language import tr

Points = tuple[Sequence[float], Sequence[float]]  # epochs, values; as many of each
_APART = 60  # points of a line whose circles do not touch
MOST_BESIDE = 3  # runs beside the shown one: more hues are not told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayRun:
    """Another run drawn in the same figure."""

    name: str
    train: Points
    validation: Points | None = None


def curve(
    train: Points,
    validation: Points | None = None,
    *,
    name: str,
    run: str = "",
    beside: Sequence[OverlayRun] = (),
    top5: Points | None = None,
    smoothing: float = 0.0,
    epochs: float,
    colours: Palette,
    revision: str,
    highest: float | None = None,
    ceiling: float | None = None,
    share: bool = False,
    logarithmic: bool = False,
    mark: float | None = None,
    height: int = 250,
) -> go.Figure:
    """One quantity over the epochs: training solid, validation dashed, of one hue.

    Args:
        train: points of the training.
        validation: points of the validation, or None where there is no such quantity.
        name: of the quantity, for the pointer.
        run: the run's name, where others stand beside it.
        beside: other runs, each in a hue of its own.
        top5: top-5 accuracy of the validation, dotted.
        smoothing: how much of the mean before stays in the running mean of the training, in
            [0, 1); the points themselves are then drawn faintly behind it.
        epochs: how many the run is to do; the axis reaches there from the start.
        colours: of the theme.
        revision: of one run; while it stays, a zoomed figure stays zoomed when points come in.
        highest: the largest value there will be, where that is known: the axis ends there.
        ceiling: where the axis ends at most, so that diverging values do not flatten the others;
            the largest is then named. Not of a logarithmic axis.
        share: the values are shares from 0 to 1, shown as percentages on a fixed axis.
        logarithmic: a logarithmic axis; without it the axis starts at zero.
        mark: an epoch at which a dotted line stands, from the lowest to the largest value.
        height: pixels.

    Raises:
        ValueError: if a curve has not as many epochs as values, `smoothing` is not in [0, 1), or
            there are too many runs beside it.
    """
    _check(train, validation, top5, beside, smoothing)
    figure = go.Figure()
    lines = [OverlayRun(name=run, train=train, validation=validation), *beside]
    hues = (colours.first, colours.second, colours.third, colours.text)
    # The shown run comes last, on top of the others.
    for line, hue in reversed(list(zip(lines, hues, strict=False))):
        _draw(
            figure,
            line,
            hue,
            colours.background,
            what=name,
            values=":.1%" if share else ":.4~g",
            smoothing=smoothing,
            alone=not beside,
        )
    if top5 is not None and len(top5[0]):
        _draw_top5(figure, top5, colours.first)
    if mark is not None:
        values = [value for line in lines for value in line.train[1] if isfinite(value)]
        figure.add_scatter(
            x=[mark, mark],
            y=[min(values, default=0), min(max(values, default=1), ceiling or float("inf"))],
            mode="lines",
            line={"color": colours.text, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    # A little room, so that the last point is not cut in half.
    x: dict[str, Any] = {"range": [0, 1.02 * epochs], "title": {"text": tr("epoch")}}
    layout: dict[str, Any] = {"showlegend": validation is not None or bool(beside)}
    if any(len(line.train[0]) for line in lines):
        y, annotations = _values_axis(
            lines, highest=highest, ceiling=ceiling, share=share, logarithmic=logarithmic
        )
    else:  # its place only: axes without points would show numbers of nothing
        x |= {"showticklabels": False, "title": {"text": ""}}
        y = {"range": [0, 1], "showticklabels": False}
        layout["showlegend"] = False
        annotations = [{"name": "empty", "text": tr("no steps yet")}]
    # One update: each costs milliseconds, and a page that follows a run draws again and again.
    return figure.update_layout(
        meta={"hues": hues},
        xaxis=x,
        yaxis=y,
        annotations=annotations,
        uirevision=revision,
        height=height,
        **layout,
    )


# A card stands still; the curves of a run that trains never do.
card_curve = remembered(curve)


def _check(
    train: Points,
    validation: Points | None,
    top5: Points | None,
    beside: Sequence[OverlayRun],
    smoothing: float,
) -> None:
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be in [0, 1), got {smoothing}")
    if len(beside) > MOST_BESIDE:
        raise ValueError(f"at most {MOST_BESIDE} runs fit beside one, got {len(beside)}")
    others = [points for other in beside for points in (other.train, other.validation)]
    for points in filter(None, [train, validation, top5, *others]):
        if len(points[0]) != len(points[1]):
            raise ValueError(
                "a curve must have as many epochs as values, "
                f"got {len(points[0])} and {len(points[1])}"
            )


def _values_axis(
    lines: Sequence[OverlayRun],
    *,
    highest: float | None,
    ceiling: float | None,
    share: bool,
    logarithmic: bool,
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The vertical axis, and what must be said of it."""
    if share:
        return {"range": [0, 1.02], "tickformat": ".0%"}, []
    if logarithmic:
        return {"type": "log"}, []
    if ceiling is not None and (top := _top(lines)) > ceiling:
        number = f"{top:.1e}".replace("e+0", "e").replace("e+", "e")
        said = {"name": "above", "text": tr("max. {value} (off scale)", value=number)}
        return {"range": [0, ceiling]}, [said]
    if highest is not None:
        return {"range": [0, 1.05 * highest]}, []
    return {"rangemode": "tozero"}, []


def _draw_top5(figure: go.Figure, top5: Points, hue: str) -> None:
    """Dotted, with its last value written beside it."""
    epochs, shares = top5
    figure.add_scatter(
        x=list(epochs),
        y=list(shares),
        name=tr("top-5"),
        mode="lines+text",
        text=[""] * (len(epochs) - 1) + [tr("{accuracy} top-5", accuracy=f"{shares[-1]:.0%}")],
        textfont={"color": hue},
        cliponaxis=False,
        showlegend=False,
        line={"color": hue, "width": 1.5, "dash": "dot"},
        hovertemplate=_read("%{y:.1%}", tr("top-5 (validation)")),
    )


def _draw(
    figure: go.Figure,
    line: OverlayRun,
    hue: str,
    paper: str,
    *,
    what: str,
    values: str,
    smoothing: float,
    alone: bool,
) -> None:
    """Training solid, validation dashed, of one hue; faint behind its running mean."""
    epochs, train = np.asarray(line.train[0], float), np.asarray(line.train[1], float)
    told = what if alone else tr("{run}, {metric}", run=line.name, metric=what)
    kind = tr("train (smoothed)") if smoothing else tr("train")
    if smoothing and len(train) > 1:
        figure.add_scatter(
            x=epochs,
            y=train,
            mode="lines",
            line={"color": hue, "width": 1},
            opacity=0.25,
            hoverinfo="skip",
            showlegend=False,
        )
        train = smoothed(train, smoothing)
    figure.add_scatter(
        x=epochs,
        y=train,
        name=kind if alone else line.name,
        mode="lines+markers" if len(train) == 1 else "lines",
        line={"color": hue, "width": 1.75},
        hovertemplate=_read(f"%{{y{values}}}", tr("{metric}, {kind}", metric=told, kind=kind)),
    )
    if line.validation is not None:
        validation = tr("validation")
        figure.add_scatter(
            x=np.asarray(line.validation[0], float),
            y=np.asarray(line.validation[1], float),
            name=validation,
            mode="lines+markers" if len(line.validation[0]) <= _APART else "lines",
            line={"color": hue, "width": 1.75, "dash": "dash"},
            marker={"size": 6, "color": paper, "line": {"width": 1.5, "color": hue}},
            hovertemplate=_read(
                f"%{{y{values}}}", tr("{metric}, {kind}", metric=told, kind=validation)
            ),
            showlegend=alone,
        )


def _read(value: str, name: str) -> str:
    """What the pointer reads of a point, and beside it."""
    return f"{value}<extra>{name}</extra>"


def smoothed(values: Sequence[float], share: float) -> list[float]:
    """The running mean in which `share` of the mean before stays; NaN stays where it is.

    The first values are not pulled towards zero: each mean is divided by its weights, as in Adam
    (Kingma and Ba 2015, section 3), and as TensorBoard smooths.
    """
    mean = weight = 0.0
    means = []
    for value in values:
        if isnan(value):
            means.append(value)
            continue
        mean = share * mean + (1 - share) * value
        weight = share * weight + (1 - share)
        means.append(mean / weight)
    return means


def _top(lines: Sequence[OverlayRun]) -> float:
    """The largest value of all lines."""
    points = [points for line in lines for points in (line.train, line.validation) if points]
    return max((value for _, values in points for value in values if isfinite(value)), default=0.0)
