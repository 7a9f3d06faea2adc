"""The image and its shuffled patches, with the predictions of both."""

import html
from collections.abc import Sequence

import numpy as np

from explorer.components.png import png_uri
from explorer.records import ShuffleResult
from explorer.text.findings import percent
from explorer.text.language import tr

_STYLE = """<style>
.shuffle { font-size: .87rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
.shuffle section { min-width: 0; } .shuffle h4 { margin: 0 0 8px; padding: 0; font-size: 1rem;
  font-weight: 600; letter-spacing: 0; }
.shuffle .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 28px; max-width: 440px; }
.shuffle img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
.shuffle.answers { container-type: inline-size; padding-right: 12px; }
.shuffle .legend { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 0 0 10px; }
.shuffle .tables { display: grid; grid-template-columns: 1fr 1fr; gap: 14px 36px; }
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
@container (max-width: 480px) { .shuffle .tables { grid-template-columns: 1fr; } }
</style>"""


def images_html(original: np.ndarray, shuffled: np.ndarray) -> str:
    """The image beside its shuffled patches, as HTML.

    Args:
        original: (side, side, 3) uint8, as the model saw it.
        shuffled: the same with its patches moved.
    """
    return (
        f'{_STYLE}<div class="shuffle"><div class="pair">{_image(tr("Original"), original)}'
        f"{_image(tr('Shuffled'), shuffled)}</div></div>"
    )


def answers_html(
    answers: ShuffleResult,
    *,
    names: Sequence[str],
    truth: int | None,
    notes: tuple[str, str],
    ink: str,
) -> str:
    """Class probabilities before and after, with position embeddings and without, as HTML.

    Args:
        answers: the four predictions.
        names: of the classes.
        truth: index of the true label, or None.
        notes: a line below each table.
        ink: color of the shuffled image's bars, as `#rrggbb`.
    """
    return "".join(
        [
            _STYLE.replace("INK", ink),
            '<div class="shuffle answers"><p class="legend">',
            f'<span><i class="before"></i>{tr("original")}</span>',
            f'<span><i class="after"></i>{tr("shuffled")}</span></p><div class="tables">',
            _table(
                tr("With position embeddings"),
                answers.original,
                answers.shuffled,
                names,
                truth,
                notes[0],
            ),
            _table(
                tr("Without"),
                answers.original_without,
                answers.shuffled_without,
                names,
                truth,
                notes[1],
            ),
            "</div></div>",
        ]
    )


def _image(title: str, pixels: np.ndarray) -> str:
    return f'<section><h4>{title}</h4><img alt="{title}" src="{png_uri(pixels)}"></section>'


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
        moved = f"{percent(float(first))} → {percent(float(second))}"
        rows.append(
            f'<li class="{classes}"><span>{html.escape(name)}</span>'
            f'<span class="two"><i style="width:{first:.2%}"></i><i style="width:{second:.2%}"></i>'
            f'</span><span class="v">{html.escape(moved)}</span></li>'
        )
    return f"<section><h4>{title}</h4><ol>{''.join(rows)}</ol><p>{html.escape(note)}</p></section>"
