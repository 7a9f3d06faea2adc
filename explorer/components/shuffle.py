"""The picture and its shuffled patches, with the answers the model gives to both."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from explorer.findings import percent
from explorer.position_findings import Shuffling

_STYLE = """<style>
.shuffle { display: grid; grid-template-columns: 72fr 72fr 140fr 140fr; gap: 12px 32px;
  max-width: 1240px; font-size: .87rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
.shuffle section { min-width: 0; } .shuffle h4 { margin: 0 0 8px; padding: 0; font-size: 1rem;
  font-weight: 600; letter-spacing: 0; }
.shuffle img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
.shuffle ol { list-style: none; margin: 0; padding: 0; }
.shuffle li { display: grid; grid-template-columns: 5.1em 1fr 5.6em; column-gap: 7px;
  align-items: center; height: 21px; margin: 0; line-height: 1;
  color: color-mix(in srgb, currentColor 78%, transparent); }
.shuffle li.top { color: inherit; font-weight: 600; }
.shuffle li.truth span:first-child { text-decoration: underline; text-underline-offset: 3px; }
.shuffle .two { display: grid; gap: 2px; } .shuffle i { display: block; height: 6px; min-width: 1px;
  border-radius: 1px; background: color-mix(in srgb, currentColor 45%, transparent); }
.shuffle i + i, .shuffle i.after { background: var(--st-primary-color, INK); }
.shuffle p i { display: inline-block; width: 18px; margin-right: 7px; vertical-align: middle; }
.shuffle .v { text-align: right; white-space: nowrap; }
.shuffle p, .shuffle li { font-size: .87rem; }
.shuffle p { margin: 8px 0 0; color: color-mix(in srgb, currentColor 75%, transparent); }
@media (max-width: 900px) { .shuffle { grid-template-columns: 1fr 1fr; gap: 14px; }
  .shuffle section.answers { grid-column: 1 / -1; } }
</style>"""


def shuffled_answers(
    original: np.ndarray,
    shuffled: np.ndarray,
    answers: Shuffling,
    *,
    names: Sequence[str],
    truth: int | None,
    notes: tuple[str, str],
    ink: str,
) -> None:
    """Draw both pictures and, per class, the probability of each.

    Args:
        original: (side, side, 3) uint8, as the model saw it.
        shuffled: the same with its patches moved.
        answers: the four answers.
        names: of the classes.
        truth: index of the picture's class, or None.
        notes: a line below each table of answers.
        ink: colour of the shuffled picture's bars, as `#rrggbb`.
    """
    st.html(
        shuffle_html(original, shuffled, answers, names=names, truth=truth, notes=notes, ink=ink)
    )


def shuffle_html(
    original: np.ndarray,
    shuffled: np.ndarray,
    answers: Shuffling,
    *,
    names: Sequence[str],
    truth: int | None,
    notes: tuple[str, str],
    ink: str,
) -> str:
    """The figure as HTML; see `shuffled_answers`."""
    return "".join(
        [
            _STYLE.replace("INK", ink),
            '<div class="shuffle">',
            _picture("Picture", original, "before", "upper bars, left number"),
            _picture("Shuffled", shuffled, "after", "lower bars, right number"),
            _table("With positions", answers.original, answers.shuffled, names, truth, notes[0]),
            _table(
                "Without positions",
                answers.original_without,
                answers.shuffled_without,
                names,
                truth,
                notes[1],
            ),
            "</div>",
        ]
    )


def _picture(title: str, pixels: np.ndarray, kind: str, note: str) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<section><h4>{title}</h4><img alt="{title}" src="data:image/png;base64,{data}">'
        f'<p><i class="{kind}"></i>{note}</p></section>'
    )


def _table(
    title: str,
    before: np.ndarray,
    after: np.ndarray,
    names: Sequence[str],
    truth: int | None,
    note: str,
) -> str:
    tops = {int(before.argmax()), int(after.argmax())}
    rows = []
    for index, (name, first, second) in enumerate(zip(names, before, after, strict=True)):
        classes = " ".join(
            word for word, holds in (("top", index in tops), ("truth", index == truth)) if holds
        )
        rows.append(
            f'<li class="{classes}"><span>{html.escape(name)}</span>'
            f'<span class="two"><i style="width:{first:.2%}"></i><i style="width:{second:.2%}"></i>'
            f'</span><span class="v">{percent(float(first))} → {percent(float(second))}</span></li>'
        )
    return (
        f'<section class="answers"><h4>{title}</h4><ol>{"".join(rows)}</ol>'
        f"<p>{html.escape(note)}</p></section>"
    )
