"""Curves that grow in place: the pointer keeps its reading, and a zoom stays, as points arrive.

`st.plotly_chart` puts a hash of the figure into its element's name, so with every new point the
browser throws the drawn figure away, and zoom and hover with it.
"""

import re
from typing import Any

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

_curves = declare("curves")
_TOLD = re.compile(r"<extra>(.*)</extra>")


def curves_payload(figure: Any, *, label: str) -> bytes:
    """What is drawn of a Plotly figure of lines, such as `figures.training.curve` makes.

    Args:
        figure: its lines, its axes' ranges, its height and its `uirevision` are used.
        label: what the figure shows, for those who do not see it.
    """
    lines, arrays, hues = [], {}, figure.layout.meta["hues"]
    for number, line in enumerate(figure.data):
        arrays[f"x{number}"] = np.asarray(line.x if line.x is not None else (), np.float32)
        arrays[f"y{number}"] = np.asarray(line.y if line.y is not None else (), np.float32)
        told = _TOLD.search(line.hovertemplate or "")
        lines.append(
            {
                "name": line.name or "",
                "hue": hues.index(line.line.color),  # of the theme that it is drawn in
                "width": line.line.width,
                "dash": line.line.dash or "solid",
                "opacity": 1.0 if line.opacity is None else line.opacity,
                "markers": line.mode == "lines+markers" and line.marker.color is not None,
                "legend": line.showlegend is not False and bool(figure.layout.showlegend),
                "hover": told.group(1) if told else "",
                "text": line.text[-1] if line.text else "",
            }
        )
    x, y = figure.layout.xaxis, figure.layout.yaxis
    notes = {note.name: note.text for note in figure.layout.annotations}
    header = {
        "lines": lines,
        "x": list(x.range),
        "y": {
            "range": list(y.range) if y.range else None,
            "log": y.type == "log",
            "share": y.tickformat == ".0%",
        },
        "empty": notes.get("empty", ""),
        "above": notes.get("above", ""),
        "height": figure.layout.height,
        "revision": figure.layout.uirevision,
        "label": label,
    }
    return pack("curves", header, **arrays)


def curves(figure: Any, *, label: str, key: str) -> None:
    """Draw a figure in the place where the one before stood, as the same element."""
    _curves(curves_payload(figure, label=label), key=key)
