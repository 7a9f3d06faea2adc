"""What the Attention page keeps beside what all pages share: the lens's settings and changes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from explorer import pin, url, url_fields
from explorer.components.attention_lens.lens_state import LensState, Link
from explorer.selection import Selection
from vitcore.intervention import Intervention

WENT_BACK = "attention_went_back"  # set by the sidebar, until the page has seen to it
_STORED, _VIEW, _LINK, _NOTES = "attention_changes", "attention_view", "lens_link", "lens_notes"
_IN_URL = (url_fields.GRID, *url_fields.VIEW)
_ADOPT, _SEED = "lens_adopt", "lens_shuffle"


@dataclass(frozen=True, slots=True)
class Stored:
    """An intervention and what it was made on."""

    model: str
    key: str  # of the selection
    intervention: Intervention


def current(selection: Selection) -> Selection:
    """The selection with the pin and the intervention that are set on this page now.

    Heads and position embeddings stay ablated for their model, patches for their image and grid.
    """
    stored: Stored | None = st.session_state.get(_STORED)
    intervention = Intervention()
    if stored is not None and stored.model == selection.model_name:
        intervention = stored.intervention
        if stored.key != selection.key:
            intervention = replace(intervention, patches={})
    pinned = pin.pinned()
    return replace(
        selection,
        intervention=intervention,
        pinned=pinned.patch(selection.side) if pinned else None,
    )


def store(
    intervention: Intervention,
    selection: Selection,
    *,
    in_lens: bool = False,
    seed: int | None = None,
) -> None:
    """Keep an intervention.

    Args:
        intervention: all of it.
        selection: on which it was made.
        in_lens: the lens knows its own; it adopts others', though it asked for more meanwhile.
        seed: of a shuffle that it begins with, where there was one.
    """
    st.session_state[_STORED] = Stored(selection.model_name, selection.key, intervention)
    if seed is not None:
        st.session_state[_SEED] = seed
    if not in_lens:
        st.session_state[_ADOPT] = secrets.token_hex(4)


def adopt() -> str:
    """A name of the last changes that were not made in the lens."""
    return st.session_state.get(_ADOPT, "")


def keep_view(view: LensState) -> None:
    """Keep direction, scale and head; of the rest the lens sends word apart."""
    st.session_state[_VIEW] = view


def lens_state(selection: Selection) -> LensState:
    """All that is set in the lens now."""
    view: LensState = st.session_state.get(_VIEW, LensState())
    made = current(selection).intervention
    return replace(view, changes=made, shuffle=st.session_state.get(_SEED))


def follow_url(selection: Selection) -> Link | None:
    """Set what the URL asks for, where it asks anew, and write what is set into it.

    Args:
        selection: what is selected; without a model the URL waits.

    Returns:
        The last link that was followed.
    """
    query = dict(st.query_params)
    if selection.config is None:
        return st.session_state.get(_LINK)
    opening, back = "lens_met" not in st.session_state, st.session_state.pop(WENT_BACK, False)
    if opening or back:
        _follow(query, selection)
    show_url(selection)
    return st.session_state.get(_LINK)


def _follow(query: Mapping[str, str], selection: Selection) -> None:
    opening = "lens_met" not in st.session_state
    st.session_state["lens_met"] = True
    asked, sentences = url.read_view(query, url.known_of(selection))
    if opening and asked == LensState() and not sentences:
        return
    store(asked.changes, selection, seed=asked.shuffle)
    keep_view(asked)
    mark = secrets.token_hex(4)
    st.session_state[_LINK] = Link(mark=mark, state=asked)
    st.session_state[_NOTES] = sentences, lens_state(selection)


def notes(selection: Selection) -> list[str]:
    """Sentences about what the URL asked for in vain, until something else is set."""
    sentences, then = st.session_state.get(_NOTES, ([], None))
    return sentences if then == lens_state(selection) else []


def show_url(selection: Selection) -> None:
    """Write what is set in the lens into the URL, and nothing where it already stands there."""
    query = st.query_params
    words = url.write_view(lens_state(selection), url.known_of(selection))
    new = {name: word for name, word in words.items() if query.get(name) != word}
    gone = {*_IN_URL} & {*query} - {*words}
    if new or any(query.get_all(name) for name in gone):
        # One message, and so one step for "back"; a value of no parts leaves the address.
        query.update(new | dict.fromkeys(gone, ()))
