"""The start for newcomers on Overview: what this is, and the ways in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.components.declared import declare
from explorer.components.packing import pack

_start = declare("start", sends=("chosen",))


def start(article: dict[str, Any], tours: list[dict[str, Any]], *, key: str = "start") -> Any:
    """Draw the start; whether it is folded stays in the browser.

    Args:
        article: its title, url and sections, each with its page and the page's title.
        tours: of each tour its id, title, number of steps, and how many of them ask.
        key: widget key.

    Returns:
        The address of a step of a tour, "vit.7", or {"page": name of a page}; None for nothing.
    """
    header = {
        "tours": tours,
        "article": article["title"],
        "url": article["url"],
        "sections": article["sections"],
        "rev": "start",
    }
    return sent_choice(_start(pack("start", header), key=key), article["sections"])


def sent_choice(result: object, sections: Sequence[Mapping[str, str]]) -> Any:
    """What was chosen, as `start` returns it; None for what it does not offer."""
    sent = getattr(result, "chosen", None)
    page = sent.get("page") if isinstance(sent, dict) else None
    if page in [section["page"] for section in sections]:
        return {"page": page}
    return sent if isinstance(sent, str) else None
