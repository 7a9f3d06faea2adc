"""The article that the pages bring to life: its title, its address, and where each section is."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@cache
def article(language: str = "en") -> dict[str, Any]:
    """Its "title", "url" and "sections": each has "section", "name", the "page", what to "do"."""
    return json.loads((_FOLDER / language / "article.json").read_text("utf-8"))


def sections_of(page: str) -> tuple[str, ...]:
    """The numbers of the article's sections that a page shows, in order, each once."""
    found = [one["section"] for one in article()["sections"] if one["page"] == page]
    return tuple(dict.fromkeys(found))


def reference(page: str) -> str:
    """The article's title with the sections that a page shows, linked, as HTML; "" for none."""
    if not (found := sections_of(page)):
        return ""
    which = f"section{'s' if len(found) > 1 else ''} {', '.join(found)}"
    address = escape(article()["url"], quote=True)
    title = f"<cite>{escape(article()['title'])}</cite>, {which}"
    return f'<a class="article-reference" href="{address}" target="_blank">{title}</a>'
