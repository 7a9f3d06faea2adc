"""What the pages say: one folder of Markdown per language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from explorer.text.language import ENGLISH, current

_FOLDER = Path(__file__).parent
_SOURCE = "Source: "


class HelpText(NamedTuple):
    """What "How to read this" says of a figure."""

    body: str  # Markdown: what you see, how it is computed, caveats
    source: str  # of the formula: paper, section or equation; "" where there is none


def help_text(name: str) -> HelpText:
    """The help text of a figure, in the language of the page.

    Args:
        name: of the figure and its file, `{language}/{name}.md`. A last paragraph that begins
            with "Source: " is the source.

    Raises:
        FileNotFoundError: where there is no such text.
    """
    return _read(name, current())


@cache
def _read(name: str, language: str) -> HelpText:
    if not (_FOLDER / language / f"{name}.md").exists():
        language = ENGLISH
    text = (_FOLDER / language / f"{name}.md").read_text("utf-8").strip()
    body, _, last = text.rpartition("\n\n")
    if last.startswith(_SOURCE):
        return HelpText(body, last.removeprefix(_SOURCE))
    return HelpText(text, "")
