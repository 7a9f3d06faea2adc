"""The article that the pages bring to life: its title, its address, and where each section is."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from explorer.text.language import N_, current, tr

_FOLDER = Path(__file__).parent


def article() -> dict[str, Any]:
    """Its "title", "url" and "sections": each has "section", "name", the "page", what to "do"."""
    return _read(current())


@cache
def _read(language: str) -> dict[str, Any]:
    return json.loads((_FOLDER / language / "article.json").read_text("utf-8"))


def sections_of(page: str) -> tuple[str, ...]:
    """The numbers of the article's sections that a page shows, in order, each once."""
    found = [one["section"] for one in article()["sections"] if one["page"] == page]
    return tuple(dict.fromkeys(found))


def reference(page: str) -> str:
    """The article's title with the sections that a page shows, linked, as HTML; "" for none."""
    if not (found := sections_of(page)):
        return ""
    message = N_("sections {numbers}") if len(found) > 1 else N_("section {numbers}")
    which = tr(message, numbers=tr(", ").join(found))
    address = escape(article()["url"], quote=True)
    title = tr("<cite>{title}</cite>, {sections}", title=escape(article()["title"]), sections=which)
    return f'<a class="article-reference" href="{address}" target="_blank">{title}</a>'
