"""The heading of a page and of a figure: a name that stays, and one line with what is found."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitInvalidLayoutContextError

from explorer.text.article import reference
from explorer.text.language import tr

_ITALIC = re.compile(r"\*(\w+)\*")  # a symbol, such as *r*
_MOST_NOTICES = 4


def page_heading(name: str, finding: str = "", *, key: str) -> Any:
    """Draw a page's `h1` and the line below it; its place is kept while it is empty.

    Args:
        name: of the page, always the same.
        finding: what this image, model or run shows, at most 14 words; "" while it is awaited.
        key: of the page; the finding stands in the container `{key}_finding`.

    Returns:
        The place of the finding, for `finding_line` where it is known only further down.
    """
    page_title(name, page=key)
    place = st.container(key=f"{key}_finding").empty()
    finding_line(finding, place=place)
    return place


def page_title(name: str, *, page: str) -> None:
    """Draw a page's `h1`, and beside it the sections of the article that it shows.

    Args:
        name: of the page, always the same.
        page: as `explorer.navigation` names it.
    """
    row = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", gap="small"
    )
    row.title(name, anchor=False, width="content")
    if said := reference(page):
        row.html(said, width="content")


def figure_heading(
    name: str,
    finding: str | None = None,
    *,
    key: str = "",
    help: str | None = None,
    place: Any = st,
) -> None:
    """Draw a figure's `h2` and the line below it.

    Args:
        name: of the figure, a noun.
        finding: what this image, model or run shows; "" while it is awaited, which keeps its place.
        key: of the figure, where a tour covers its finding, which stands in `{key}_finding`.
        help: shown at a question mark beside the name.
        place: where to draw.
    """
    place.subheader(name, anchor=False, help=help)
    if finding is not None:
        finding_line(finding, place=place.container(key=f"{key}_finding") if key else place)


def finding_line(finding: str, *, place: Any) -> None:
    """Write a finding alone, where it changes while the page stands.

    Args:
        finding: as in `page_heading`.
        place: an `st.empty`, or a container.
    """
    said = _ITALIC.sub(r"<i>\1</i>", escape(finding, quote=False))
    try:
        place.html(f'<p class="finding" role="status">{said}&nbsp;</p>')
    except StreamlitInvalidLayoutContextError:  # a new run of the page has overtaken this one
        st.stop()


def notices(sentences: Sequence[str]) -> None:
    """Draw one line for each sentence on what a link asks for in vain; the fifth and on counted."""
    lines = [*sentences[:_MOST_NOTICES]]
    if more := len(sentences) - len(lines):
        lines.append(tr("and {count} more", count=more))
    if lines:
        said = "".join(f'<p class="quiet-line">{escape(line)}</p>' for line in lines)
        st.html(f'<div role="status">{said}</div>')
