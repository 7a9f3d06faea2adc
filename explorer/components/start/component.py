"""The start for newcomers on Overview: what this is, and the ways in."""

from __future__ import annotations

from typing import Any

from explorer.components.declared import declare
from explorer.components.packing import pack

_start = declare("start", sends=("chosen",))


def start(
    article: dict[str, Any], tours: list[dict[str, Any]], *, key: str = "start"
) -> str | None:
    """Draw the start; whether it is folded stays in the browser.

    Args:
        article: its title, url and sections, each with its "step", "section", "name", the title
            of its "page" and what to "do" there.
        tours: of each tour its id, title, number of steps, and how many of them ask.
        key: widget key.

    Returns:
        The address of a step of a tour, "vit.7"; None for nothing.
    """
    header = {
        "tours": tours,
        "article": article["title"],
        "url": article["url"],
        "sections": article["sections"],
        "rev": "start",
    }
    return sent_choice(_start(pack("start", header), key=key))


def sent_choice(result: object) -> str | None:
    """What was chosen, as `start` returns it; None for what is no address."""
    sent = getattr(result, "chosen", None)
    return sent if isinstance(sent, str) else None
