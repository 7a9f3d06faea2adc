"""The start for newcomers on Overview: what this is, and three ways in."""

from __future__ import annotations

from typing import Any

from explorer.components.declared import declare
from explorer.components.packing import pack

_start = declare("start", sends=("chosen",))


def start(
    article: dict[str, Any], *, minutes: int, steps: int, questions: int, key: str = "start"
) -> Any:
    """Draw the start; whether it is folded stays in the browser.

    Args:
        article: its title, url and sections, each with its page and the page's title.
        minutes: that the tour takes.
        steps: how many it has.
        questions: how many of them ask.
        key: widget key.

    Returns:
        "tour", or the number of a step of the tour, from 0, or {"page": name}; None for nothing.
    """
    header = {
        "minutes": minutes,
        "steps": steps,
        "questions": questions,
        "article": article["title"],
        "url": article["url"],
        "sections": article["sections"],
        "rev": "start",
    }
    return _start(pack("start", header), key=key).chosen
