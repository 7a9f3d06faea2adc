"""State of pages that no widget shows: kept in a hidden field that is bound to the URL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from explorer import url, url_fields, url_values
from explorer.text.language import ENGLISH, LANGUAGES

LANGUAGE = "lang"
SHUFFLE = "shuffle"  # how often "Shuffle again" was pressed
_FOLLOWED = "url_followed"
_ASKED = "figures_asked"  # of each: a mark, the words that it was sent, the words of what it shows


def in_url(name: str) -> str:
    """What is kept under a name of the URL, "" at first; drawn in every run, or it leaves the URL.

    The style of the page, page.css, hides it by its name.
    It is written like the value of any widget: `st.session_state[name] = word`, in a callback or
    before it is drawn.
    """
    return st.text_input(name, key=name, bind="query-params", persist_state="session")


def follow_url() -> None:
    """Let figures show what the URL says, in a run that starts from one: a link, "Back"."""
    st.session_state[_FOLLOWED] = secrets.token_hex(4)


def followed() -> str:
    """A mark that is new for each link that is followed: what it asks for holds once."""
    return st.session_state.get(_FOLLOWED, "")


def asked(figure: str, names: Sequence[str], known: url_fields.Known) -> dict[str, Any]:
    """What the URL asks a figure to show that itself knows what it shows, in hidden fields.

    A part of the page that runs by itself was asked by the figure: what it is sent stays the same.

    Args:
        figure: its key.
        names: of its fields.
        known: what their words are checked against.

    Returns:
        Values by their fields' names, and a "mark": another one where a link asks for something
        else than the figure shows.
    """
    words = {name: in_url(name) for name in names}
    figures = st.session_state.setdefault(_ASKED, {})
    if figure not in figures or not in_fragment():
        mark, _, shown = figures.get(figure, ("", {}, None))
        figures[figure] = mark if words == shown else followed(), words, words
    mark, words, _ = figures[figure]
    said = {name: word for name, word in words.items() if word}
    values, _ = url.read(said, names, url.of_example(said, known))
    return {"mark": mark, **values}


def keep(figure: str, names: Sequence[str], known: url_fields.Known) -> dict[str, str]:
    """Say in the URL what a figure shows, in a callback; the words that it says.

    Args:
        figure: its key; its component has sent `view`, values by their fields' names.
        names: of its fields.
        known: what their words are checked against.
    """
    sent = getattr(st.session_state.get(figure), "view", None)
    words = url.words_of(sent, names, known)
    st.session_state.update(words)
    mark, before, _ = st.session_state[_ASKED][figure]
    st.session_state[_ASKED][figure] = mark, before, words
    return words


def in_fragment() -> bool:
    """Whether only a part of the page is run."""
    context = st.runtime.scriptrunner.get_script_run_ctx(suppress_warning=True)
    return bool(context and context.fragment_ids_this_run)


def keep_language() -> None:
    """Say the language in the URL again: opening a page by a link of a tour takes it out."""
    word = st.session_state.get(LANGUAGE)
    if word and LANGUAGE not in st.query_params:
        st.session_state[LANGUAGE] = word
    in_url(LANGUAGE)


def language() -> str:
    """The chosen language of the pages; else the browser's, where there is a catalog of it."""
    asked = st.session_state.get(LANGUAGE) or st.query_params.get(LANGUAGE, "")
    word = asked or (st.context.locale or "").partition("-")[0]
    return word if word in LANGUAGES else ENGLISH


def number(word: str) -> int:
    """The whole number, of at most four digits, that a word of the URL is; else 0."""
    return int(word) if url_values.is_short(word) else 0


def shuffled_order(grid: tuple[int, int]) -> np.ndarray:
    """The order (N,) of patches that the Positions page shows."""
    return permutation(grid[0] * grid[1], shuffles())


def shuffles() -> int:
    """The seed of the shown order: 0, then one more for each "Shuffle again"."""
    return number(st.session_state.get(SHUFFLE, ""))


def permutation(count: int, seed: int) -> np.ndarray:
    """An order of `count` patches that is not the given one (where there are two at least)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    while count > 1 and np.array_equal(order, np.arange(count)):
        order = rng.permutation(count)
    return order
