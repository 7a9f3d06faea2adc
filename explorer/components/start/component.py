"""The start for newcomers on Overview: what this is, and the ways in."""

from __future__ import annotations

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
        The address of a step of a tour, "vit.7", or {"page": name}; None for nothing.
    """
    header = {
        "tours": tours,
        "article": article["title"],
        "url": article["url"],
        "sections": article["sections"],
        "rev": "start",
    }
    return _start(pack("start", header), key=key).chosen
