"""What the Attention page keeps beside what all pages share: the lens's settings and changes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from explorer import state
from explorer.components.attention_lens.lens_state import LensState, Link
from explorer.views.attention import url_codec
from vitcore.config import ViTConfig, grid_side
from vitcore.intervention import Intervention

# Of the panels below the lens, bound to the URL: going to another page takes them out of it.
BOUND = ("attention_panel", "attention_class", "attention_fusion", "attention_discard")
_KEPT, _VIEW, _LINK, _NOTES = "attention_changes", "attention_view", "lens_link", "lens_notes"
_ADOPT, _SEED, _LEFT = "lens_adopt", "lens_shuffle", "attention_left"


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
    kept: Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.model != model:
        return Intervention()
    same_grid = (kept.picture, kept.patch_size) == (picture.key, patch_size)
    return Intervention(
        ablated_heads=kept.changes.ablated_heads,
        patches=kept.changes.patches if same_grid else {},
        use_pos_embed=kept.changes.use_pos_embed,
    )


def keep(
    made: Intervention,
    model: str,
    picture: state.Picture,
    patch_size: int,
    *,
    in_lens: bool = False,
    seed: int | None = None,
) -> None:
    """Keep changes.

    Args:
        made: all of them.
        model: on which they were made; so the next two.
        picture: see there.
        patch_size: P.
        in_lens: the lens knows its own; it adopts others', though it asked for more meanwhile.
        seed: of a shuffle that they begin with, where there was one.
    """
    st.session_state[_KEPT] = Kept(model, picture.key, patch_size, made)
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


def present(model: str, picture: state.Picture, patch_size: int) -> LensState:
    """All that is set in the lens now."""
    view: LensState = st.session_state.get(_VIEW, LensState())
    return replace(
        view,
        pinned=state.pinned(),
        changes=changes(model, picture, patch_size),
        shuffle=st.session_state.get(_SEED),
    )


def follow_url(
    model: str,
    picture: state.Picture,
    patch_size: int,
    *,
    config: ViTConfig | None,
    entered: bool,
) -> Link | None:
    """Set what the URL asks for, where it asks anew, and write what is set into it.

    Args:
        model: name of the chosen one.
        picture: the chosen one.
        patch_size: P.
        config: of the model; until it is known the URL waits.
        entered: whether the page was opened by this run. The window then knows the pin, which may
            have moved on another page, and tells it.

    Returns:
        The last link that was followed.
    """
    _give_back_what_was_left()
    query = dict(st.query_params)
    pin = st.session_state.pop("pin_asked", ...)
    opening, back = "lens_met" not in st.session_state, _goes_back()
    asks = opening or back or (pin is not ... and not (pin is None and entered))
    if config is None:
        if pin is not ...:
            st.session_state["pin_asked"] = pin
        return st.session_state.get(_LINK)
    if asks and back and entered and not opening and not {*url_codec.NAMES, *BOUND} & {*query}:
        # Going to another page put an address without a word about this one in front of the last.
        _leave_for_the_next_run()
        asks = False
    if asks:
        _follow(query, pin, model, picture, patch_size, config)
    if entered and (not asks or pin is ...):
        state.pin(None)
    # Values that cannot be stay until something is chosen: taking them out would undo "back".
    if not notes(model, picture, patch_size):
        show_url(model, picture, patch_size, config=config)
    return st.session_state.get(_LINK)


def _follow(
    query: Mapping[str, str],
    pin: Any,
    model: str,
    picture: state.Picture,
    patch_size: int,
    config: ViTConfig,
) -> None:
    opening = "lens_met" not in st.session_state
    st.session_state["lens_met"] = True
    asked, sentences = url_codec.asked(
        query, side=grid_side(patch_size), blocks=config.depth, heads=config.num_heads
    )
    if pin is not ...:
        state.pin(pin)
    if opening and pin is ... and asked == LensState() and not sentences:
        return
    asked = replace(asked, pinned=None if pin is ... else pin)
    keep(asked.changes, model, picture, patch_size, seed=asked.shuffle)
    keep_view(asked)
    mark = secrets.token_hex(4)
    st.session_state[_LINK] = Link(mark=mark, state=asked, pins=pin is not ...)
    st.session_state[_NOTES] = sentences, _without_pin(model, picture, patch_size)


def notes(model: str, picture: state.Picture, patch_size: int) -> str:
    """Sentences about what the URL asked for in vain, until something else is set; or ""."""
    sentences, then = st.session_state.get(_NOTES, ([], None))
    return " ".join(sentences) if then == _without_pin(model, picture, patch_size) else ""


def show_url(
    model: str,
    picture: state.Picture,
    patch_size: int,
    *,
    config: ViTConfig | None,
    let_go: bool = False,
) -> None:
    """Write what is set in the lens into the URL, and nothing where it already stands there.

    Args:
        model: name of the chosen one.
        picture: the chosen one.
        patch_size: P.
        config: of the model.
        let_go: whether a missing pin was let go; else the window may still know one.
    """
    query = st.query_params
    words = url_codec.written(
        present(model, picture, patch_size),
        side=grid_side(patch_size),
        heads=config.num_heads if config else None,
    )
    new = {name: word for name, word in words.items() if query.get(name) != word}
    kept = () if let_go else ("pinned", "grid")
    gone = {*url_codec.NAMES} & {*query} - {*words} - {*kept}
    if new or any(query.get_all(name) for name in gone):
        # One message, and so one step for "back"; a value of no parts leaves the address.
        query.update(new | dict.fromkeys(gone, ()))


def in_fragment() -> bool:
    """Whether only a part of the page is run."""
    context = _context()
    return bool(context and context.fragment_ids_this_run)


def _context() -> Any:
    return st.runtime.scriptrunner.get_script_run_ctx(suppress_warning=True)


def _goes_back() -> bool:
    context = _context()
    return bool(context and context.is_history_navigation)


def _without_pin(model: str, picture: state.Picture, patch_size: int) -> LensState:
    return replace(present(model, picture, patch_size), pinned=None)


def _leave_for_the_next_run() -> None:
    """Run the page again with the panels as they were: a run that goes back resets them."""
    left = {name: st.session_state[name] for name in BOUND if name in st.session_state}
    if left:
        st.session_state[_LEFT] = left
        st.rerun()


def _give_back_what_was_left() -> None:
    for name, value in st.session_state.pop(_LEFT, {}).items():
        st.session_state[name] = value
