"""Who is at the page: on a server for others, a browser is known by a cookie of its own."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from explorer.runs import rights
from explorer.runs.rights import OPERATOR, Visitor
from explorer.security import COOKIE, shared
from explorer.text.language import tr

if TYPE_CHECKING:
    from explorer.runs.jobs import Jobs

KEY = "VITEXPLORER_TEACHER_KEY"  # environment variable: what a teacher types to change all runs


def me() -> Visitor:
    """Who asks, in a run of a page."""
    if not shared() or st.session_state.get("teacher"):
        return OPERATOR
    # A name that can be written down says nothing of the cookie, which proves who it is.
    proof = st.context.cookies.get(COOKIE) or st.session_state.setdefault(
        "visitor", secrets.token_urlsafe(16)
    )
    return Visitor(hashlib.sha256(proof.encode()).hexdigest()[:32], operates=False)


def jobs() -> Jobs:
    """The runs, as whoever is at the page may change them."""
    from explorer.runs import jobs  # the sidebar, which opens first, has no need of it

    return jobs.server_jobs().of(me())


def is_off(what: str) -> bool:
    """Whether something is disabled for whoever is at the page: "training" or "uploads"."""
    return rights.is_off(what) and not me().operates


def refusal(sentence: str, *, page: str, place: Any = st, key: bool = True) -> None:
    """Say why something is not for this visitor; a teacher types the key beside it.

    Args:
        sentence: what is said.
        page: its widgets are named after it.
        place: where to draw.
        key: whether the key is asked for here.
    """
    place.html(f'<p class="quiet-line">{escape(sentence)}</p>', width="content")
    if key and os.environ.get(KEY):
        with place.popover(tr("Teacher"), key=f"{page}_teacher"):
            field = f"{page}_teacher_key"
            st.text_input(
                tr("Teacher key"), type="password", key=field, on_change=_check, args=(page, field)
            )
            if st.session_state.get("teacher") is False:
                said = tr("Wrong key. Type it again, or ask the operator of this server.")
                st.html(f'<p class="problem-line" role="alert">{escape(said)}</p>')


def accepted(*, page: str, place: Any = st) -> None:
    """Say that the teacher key was right, where it was typed."""
    if st.session_state.get("teacher") == page:
        said = tr("You can change every run until you reload the page.")
        place.html(f'<p class="quiet-line">{escape(said)}</p>', width="content")


def _check(page: str, field: str) -> None:
    given = st.session_state.pop(field, "").encode()
    right = hmac.compare_digest(given, os.environ.get(KEY, "").encode())
    st.session_state["teacher"] = page if right and given else False
