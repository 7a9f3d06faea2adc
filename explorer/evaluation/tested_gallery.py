"""Test pictures to choose from, with what a model answered below each."""

import numpy as np
import streamlit as st

from explorer.components import chosen_number, gallery
from explorer.evaluation import tested_pictures
from explorer.words.findings import percent
from vitcore.config import CLASS_NAMES
from vitcore.report import Report


def tested_gallery(
    numbers: np.ndarray, found: Report, labels: np.ndarray, *, source: str, key: str
) -> None:
    """Draw test pictures with the answer below each; a click makes one the chosen picture.

    Args:
        numbers: of the pictures, in the order of the data.
        found: what the model answered to at least these.
        labels: the class of each picture of the data.
        source: "cifar10" or "sketch10".
        key: widget key.
    """
    captions, sentences = [], []
    for number in numbers:
        true, answer = CLASS_NAMES[labels[number]], CLASS_NAMES[found.answers[number]]
        share = percent(float(found.confidence[number]))
        captions.append((f"{answer} {share}", f"is {true}"))
        sentences.append(f"{true}, answered {answer} with {share}: make it the chosen picture")
    clicked = gallery(
        tested_pictures.images(source, numbers),
        numbers,
        captions,
        sentences,
        chosen=_chosen(source, numbers),
        label="Pictures to choose from",
        key=key,
        on_change=lambda: _choose(source, key, numbers),
    )
    if clicked is not None:  # the sidebar shows it, which is no part of this fragment
        st.rerun()


def _chosen(source: str, numbers: np.ndarray) -> int | None:
    """Which of the pictures the sidebar shows, or None."""
    shown = [st.session_state.get(f"picture_{name}") for name in ("source", "class", "index")]
    places = ([source, *tested_pictures.place(source, int(number))] for number in numbers)
    return next((int(n) for n, place in zip(numbers, places, strict=True) if place == shown), None)


def _choose(source: str, key: str, numbers: np.ndarray) -> None:
    """Make a picture that was clicked the chosen one."""
    number = chosen_number(st.session_state.get(key), numbers)
    if number is not None:
        label, index = tested_pictures.place(source, number)
        st.session_state["picture_source"] = source
        st.session_state["picture_class"] = label
        st.session_state["picture_index"] = index
