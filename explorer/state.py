"""State of pages that no widget shows: kept in a hidden field that is bound to the URL."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.text.language import ENGLISH, LANGUAGES

LANGUAGE = "lang"
SHUFFLE = "shuffle"  # how often "Shuffle again" was pressed


def in_url(name: str) -> str:
    """What is kept under a name of the URL, "" at first; drawn in every run, or it leaves the URL.

    The style of the page, page.css, hides it by its name.
    It is written like the value of any widget: `st.session_state[name] = word`, in a callback or
    before it is drawn.
    """
    return st.text_input(name, key=name, bind="query-params", persist_state="session")


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
    return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else 0


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
