"""What the tabs share: their subject, placeholders, captions, downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer import components, state
from explorer.figures.style import Palette, palette, toolbar
from explorer.records import ModelOutput
from explorer.results import Failure, Pending, Ready
from explorer.selection import ModelRef, Selection
from explorer.text.language import N_, tr

UNCHANGED = N_("Without interventions (baseline model).")
CHANGED = N_("With interventions.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisContext:
    """What all tabs are about."""

    selection: Selection  # with the intervention that is set above
    model: ModelRef
    baseline: ModelOutput  # without interventions
    other: int  # the class that the predicted one is compared with

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in English, as files and the URL have them."""
        return self.model.class_names

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Of the classes, in the language of the page."""
        return self.model.shown_names

    @property
    def predicted(self) -> int:
        """The class that is predicted without interventions."""
        return int(self.baseline.logits.argmax())

    @property
    def patches(self) -> int:
        return self.baseline.grid[0] * self.baseline.grid[1]

    @property
    def title(self) -> str:
        """Of an image or a document of this selection."""
        selection = self.selection
        return f"{selection.image.name}, {self.model.name}, P = {selection.patch_size}"


def colours() -> Palette:
    return palette(st.context.theme.type)


def rerun_when_ready(result: Ready[Any] | Pending | Failure | None) -> None:
    """In a part of the page, run the whole page: it looks again when there is news."""
    pending = isinstance(result, Pending) or (isinstance(result, Ready) and result.pending)
    if pending and state.in_fragment():
        st.rerun()


def draw_placeholder(result: Pending | Failure, *, height: int) -> None:
    """Say in the figure's place what is awaited, or what went wrong."""
    rerun_when_ready(result)
    components.placeholder(result, height=height)


def chart(figure: Any, key: str, **rest: Any) -> None:
    """A Plotly figure with its chart toolbar."""
    st.plotly_chart(figure, width="stretch", key=key, config=toolbar(key), **rest)


def after(sentence: str, following: str) -> str:
    """Two sentences as one text; between Chinese ones there is no space."""
    return tr("{sentence} {following}", sentence=sentence, following=following)


def quiet(sentence: str, *, lines: int = 1) -> None:
    """A caption, escaped by the caller; its place is kept while there is none."""
    st.html(f'<p class="quiet-line" style="min-height:{1.4 * lines:.1f}rem">{sentence}</p>')


def download(
    label: str,
    make: Callable[[], bytes | str],
    file: str,
    *,
    key: str,
    place: Any = st,
    disabled: bool = False,
    help: str | None = None,
) -> None:
    """A button for a file that is made when it is clicked."""
    kinds = {
        "csv": "text/csv",
        "html": "text/html",
        "npz": "application/zip",
        "png": "image/png",
        "py": "text/x-python",
    }
    place.download_button(
        label,
        make,
        file,
        kinds[file.rsplit(".", 1)[-1]],
        key=f"attention_{key}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        disabled=disabled,
        help=help,
    )


def as_csv(head: list[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table; numbers with nine digits, so that float32 comes back as it was."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_digits(value) for value in row])
    return text.getvalue()


def as_npz(**arrays: Any) -> bytes:
    """Arrays as a compressed NPZ."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _digits(value: Any) -> Any:
    return f"{float(value):.9g}" if isinstance(value, float | np.floating) else value
