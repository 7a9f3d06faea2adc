"""What the tabs share: their subject, placeholders, captions, downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer import components
from explorer.client.results import Problem, Reading, Waiting
from explorer.figures.style import Palette, palette, toolbar
from explorer.state import Picture
from explorer.views.attention import view_state
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention

UNCHANGED = "Without interventions (baseline model)."
CHANGED = "With interventions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all tabs are about."""

    model: str
    picture: Picture
    patch_size: int
    reading: Reading  # the baseline, without interventions
    config: ViTConfig
    names: tuple[str, ...]  # of the classes
    other: int  # the class that the predicted one is compared with

    @property
    def answer(self) -> int:
        """The predicted class."""
        return int(self.reading.logits.argmax())

    @property
    def patches(self) -> int:
        return self.reading.grid[0] * self.reading.grid[1]

    @property
    def mark(self) -> str:
        """A name of the image, patch size and model, for keys."""
        return f"{self.model}·{self.picture.key[:12]}·{self.patch_size}"

    def file(self, what: str) -> str:
        """Name of a file with data of this image."""
        words = f"{self.model}-{self.picture.name}-p{self.patch_size}-{what}"
        return "".join(c if c.isalnum() or c in "-._" else "-" for c in words)


def changes_of(asked: Asked) -> Intervention:
    """The interventions that are set above now."""
    return view_state.changes(asked.model, asked.picture, asked.patch_size)


def colours() -> Palette:
    return palette(st.context.theme.type)


def later(answer: Waiting | None) -> None:
    """In a part of the page, run the whole page: it looks again when there is news."""
    if isinstance(answer, Waiting) and view_state.in_fragment():
        st.rerun()


def in_its_place(answer: Waiting | Problem, *, height: int) -> None:
    """Say in the figure's place what is awaited, or what went wrong."""
    later(answer)
    waiting = isinstance(answer, Waiting)
    components.figure_state(
        "loading" if waiting else "error",
        answer.what,
        answer.then,
        height=height,
        done=answer.done if waiting else None,
    )


def chart(figure: Any, key: str, **rest: Any) -> None:
    """A Plotly figure with its chart toolbar."""
    st.plotly_chart(figure, width="stretch", key=key, config=toolbar(key), **rest)


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
