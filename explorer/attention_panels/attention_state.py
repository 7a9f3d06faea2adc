"""What the Attention page keeps beside what all pages share: its pin's address, its changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import state
from vitcore.intervention import Intervention

_PARAMETER = "pinned"


@dataclass(frozen=True, slots=True)
class Kept:
    """Changes and what they were made on."""

    model: str
    picture: str  # its key
    patch_size: int
    changes: Intervention


def belongs_to(model: str, picture: state.Picture, patch_size: int) -> str:
    """A short name of what changes are made on."""
    return f"{model}·{picture.key[:12]}·{patch_size}"


def changes(model: str, picture: state.Picture, patch_size: int) -> Intervention:
    """The changes that still hold: heads and positions for their model, patches for their grid."""
    kept: Kept | None = st.session_state.get("attention_changes")
    if kept is None or kept.model != model:
        return Intervention()
    same_grid = (kept.picture, kept.patch_size) == (picture.key, patch_size)
    return Intervention(
        heads_off=kept.changes.heads_off,
        patches=kept.changes.patches if same_grid else {},
        positions=kept.changes.positions,
    )


def keep(made: Intervention, model: str, picture: state.Picture, patch_size: int) -> None:
    st.session_state["attention_changes"] = Kept(model, picture.key, patch_size, made)


def follow_link(*, entered: bool) -> tuple[str, int | None] | None:
    """Pin what the URL asks for, where it asks anew, and write the pin into the URL.

    Args:
        entered: whether the page was opened by this run. The window then knows the pin, which may
            have moved on another page, and tells it.

    Returns:
        An id of the last link that was followed, and the patch that it pins.
    """
    asked = st.session_state.pop("pin_asked", ...)
    if asked is not ... and not (asked is None and entered):
        state.pin(asked)
        st.session_state["pin_link"] = secrets.token_hex(4), asked
    elif entered:
        state.pin(None)
    if state.pinned() is not None:  # a URL that cannot be stays: taking it out would undo "back"
        show_pin()
    return st.session_state.get("pin_link")


def show_pin() -> None:
    """Write the pinned patch into the URL."""
    pinned = state.pinned()
    if pinned is None:
        st.query_params.pop(_PARAMETER, None)
    elif st.query_params.get(_PARAMETER) != str(pinned):
        st.query_params[_PARAMETER] = str(pinned)


def in_fragment() -> bool:
    """Whether only a part of the page is run."""
    context: Any = st.runtime.scriptrunner.get_script_run_ctx(suppress_warning=True)
    return bool(context and context.fragment_ids_this_run)
