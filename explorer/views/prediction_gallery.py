"""Test images to select from, with the prediction below each."""

import numpy as np
import streamlit as st

from explorer import navigation
from explorer.components import chosen_number, gallery
from explorer.data import images
from explorer.text.findings import percent
from explorer.text.language import tr
from explorer.text.names import shown_names
from vitcore.report import Report


def tested_gallery(
    numbers: np.ndarray, found: Report, labels: np.ndarray, *, source: str, caption: str, key: str
) -> None:
    """Draw test images with the prediction below each; a click selects one on every page.

    Args:
        numbers: of the images, in the order of the dataset.
        found: the report on at least these.
        labels: the true label of each image of the dataset.
        source: "cifar10" or "sketch10".
        caption: a line below the images.
        key: widget key.
    """
    names = shown_names()
    captions, sentences = [], []
    for number in numbers:
        true, predicted = names[labels[number]], names[found.predictions[number]]
        share = percent(float(found.confidence[number]))
        captions.append((f"{predicted} {share}", tr("true: {label}", label=true)))
        sentences.append(
            tr(
                "True label {true}, predicted {predicted} ({share}). Select.",
                true=true,
                predicted=predicted,
                share=share,
            )
        )
    chosen = _chosen(source, numbers)
    clicked = gallery(
        images.at_positions(source, numbers),
        numbers,
        captions,
        sentences,
        chosen=chosen,
        label=tr("Test images"),
        key=key,
        on_change=lambda: _choose(source, key, numbers),
    )
    _line(caption, selected=chosen is not None, key=key)
    if clicked is not None:  # the sidebar shows it, which is no part of this fragment
        st.rerun()


def _line(caption: str, *, selected: bool, key: str) -> None:
    """The caption; once one of the images is selected, the way to its attention beside it."""
    row = st.container(
        horizontal=True, vertical_alignment="center", gap="small", height=40, border=False
    )
    row.html(f'<p class="quiet-line">{caption}</p>', width="content")
    if selected and row.button(
        tr("View in Attention"),
        key=f"{key}_attention",
        type="tertiary",
        icon=":material/arrow_forward:",
        icon_position="right",
    ):
        navigation.goto("attention")


def _chosen(source: str, numbers: np.ndarray) -> int | None:
    """Which of the images the sidebar shows, or None."""
    shown = [st.session_state.get(f"image_{name}") for name in ("source", "class", "index")]
    places = ([source, *images.class_and_index(source, int(number))] for number in numbers)
    return next((int(n) for n, place in zip(numbers, places, strict=True) if place == shown), None)


def _choose(source: str, key: str, numbers: np.ndarray) -> None:
    """Select an image that was clicked."""
    number = chosen_number(st.session_state.get(key), numbers)
    if number is not None:
        label, index = images.class_and_index(source, number)
        st.session_state["image_source"] = source
        st.session_state["image_class"] = label
        st.session_state["image_index"] = index
