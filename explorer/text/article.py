"""The article that the pages bring to life: its title, its address, and where each section is."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from explorer.text.language import N_, tr

_FILE = Path(__file__).with_name("article.json")


@cache
def article() -> dict[str, Any]:
    """Its "title" and "url", and "steps": of a tour that shows its sections, in English."""
    return json.loads(_FILE.read_text("utf-8"))


def sections_of(page: str) -> tuple[str, ...]:
    """The numbers of the article's sections that a page shows, in order, each once."""
    found = [one["section"] for one in article()["steps"] if one["page"] == page]
    return tuple(dict.fromkeys(found))


def reference(page: str) -> str:
    """The article's title with the sections that a page shows, linked, as HTML; "" for none."""
    if not (found := sections_of(page)):
        return ""
    message = N_("sections {numbers}") if len(found) > 1 else N_("section {numbers}")
    which = tr(message, numbers=tr(", ").join(found))
    address = escape(article()["url"], quote=True)
    title = tr(
        "<cite>{title}</cite>, {sections}", title=escape(tr(article()["title"])), sections=which
    )
    return f'<a class="article-reference" href="{address}" target="_blank">{title}</a>'
