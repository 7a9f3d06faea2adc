"""Colours and the plain layout that all Plotly figures share, from the theme of the app."""

import pickle
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec

import numpy as np
import plotly.graph_objects as go

from explorer.text import language

NAME_BESIDE = "<extra>%{fullData.name}</extra>"  # a line's name, in what the pointer reads
_P = ParamSpec("_P")
_KEPT = 12  # figures of one function: as many as there are patch sizes, and a few
_CONFIG = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours of one theme, as `#rrggbb`."""

    first: str  # the main line or mark; also the theme's primary colour
    second: str
    third: str  # reference lines
    text: str
    background: str
    border: str
    sequential: tuple[str, ...]  # low to high
    diverging: tuple[str, ...]  # below zero to above zero; the middle is close to the background


@lru_cache(maxsize=4)
def palette(theme: Literal["light", "dark"] | None) -> Palette:
    """The colours of one theme; anything but "dark" is the light one, Streamlit's default."""
    with _CONFIG.open("rb") as file:
        values = tomllib.load(file)["theme"]
    if theme == "dark":
        values = {**values, **values["dark"]}
    first, second, third = values["chartCategoricalColors"][:3]
    return Palette(
        first=first,
        second=second,
        third=third,
        text=values["textColor"],
        background=values["backgroundColor"],
        border=values["borderColor"],
        sequential=tuple(values["chartSequentialColors"]),
        diverging=tuple(values["chartDivergingColors"]),
    )


def mixed(first: str, second: str, share: np.ndarray) -> np.ndarray:
    """Colours on the straight line from `first` (share 0) to `second` (1): RGB (..., 3), 0 to 1."""
    start, end = (_rgb(colour) for colour in (first, second))
    return start + (end - start) * np.asarray(share)[..., None]


def contrast(ink: str, ground: np.ndarray) -> np.ndarray:
    """How far ink stands out from grounds, RGB (..., 3) from 0 to 1; 1 is not at all, 21 the most.

    Source: WCAG 2.2, contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    bright, dark = (_luminance(colour) + 0.05 for colour in (_rgb(ink), np.asarray(ground)))
    return np.maximum(bright, dark) / np.minimum(bright, dark)


def _luminance(colour: np.ndarray) -> np.ndarray:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def _rgb(colour: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8) / 255


def plain(figure: go.Figure, colours: Palette, *, height: int) -> go.Figure:
    """Give a figure of one plot the house layout, in place: quiet grid, legend above right."""
    axis = {
        "automargin": True,
        "gridcolor": colours.border,
        "zerolinecolor": colours.border,
        "linecolor": colours.border,
        "title": {"standoff": 8},
    }
    # One update of the layout: `update_xaxes` alone takes ten times as long.
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        paper_bgcolor=colours.background,  # a PNG of it is read on any ground
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text, "size": 13},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"font": {"size": 13}},
        xaxis={**axis, "showgrid": False},
        yaxis=axis,
    )


def beside_the_camera(figure: go.Figure) -> go.Figure:
    """Make room in a figure of `plain`'s layout for the button that saves it, in place."""
    return figure.update_layout(
        margin={"l": 66},  # what the axis' numbers take, whatever is measured before they are drawn
        yaxis={"title": {"standoff": 16}},
        legend={"x": 0, "xanchor": "left"},  # the camera stands at the right
    )


def toolbar(filename: str) -> dict[str, Any]:
    """Config of a chart whose toolbar has one button: save as PNG, for print.

    Args:
        filename: of the PNG, without its ending.
    """
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"scale": 3, "filename": filename},
    }


def remembered(build: Callable[_P, go.Figure]) -> Callable[_P, go.Figure]:
    """Draw a figure once for all that it is made of, and for each language.

    Plotly takes 10 to 50 ms to lay one out, more than all else in most runs of a page. What is
    returned belongs to all who ask: it must not be changed.
    """

    @lru_cache(maxsize=_KEPT)
    def drawn(given: bytes) -> go.Figure:
        args, kwargs, _ = pickle.loads(given)
        return build(*args, **kwargs)

    @wraps(build)
    def figure(*args: _P.args, **kwargs: _P.kwargs) -> go.Figure:
        return drawn(pickle.dumps((args, kwargs, language.current())))

    return figure
