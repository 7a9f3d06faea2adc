"""What a link may say about the tabs, and what is said where a value is not valid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus, urlencode

import streamlit as st

from explorer.components.attention_lens.lens_state import LensState
from explorer.selection import Selection
from explorer.views.attention.url_codec import shown, written
from vitcore.config import CLASS_NAMES

_NOTE = "attention_link_note"
_FOLLOWING = ("Head metrics", "Export")  # they show what is set above
_EARLIER = {  # names of tabs in links of earlier versions, as they stand there in lower case
    "maps": "Attribution",
    "heads": "Head ablation",
    "numbers": "Head metrics",
    "if+it+stopped+here": "Logit lens",
    "take+it+along": "Export",
}


def asked_in_vain(
    query: Mapping[str, str], *, panels: Sequence[str], classes: Sequence[str]
) -> list[str]:
    """Sentences about values in the URL that are not valid.

    Args:
        query: names and values as they stand in the URL.
        panels: names of the tabs, the first is the default.
        classes: class names.
    """
    sentences = []

    def check(name: str, allowed: Sequence[str], label: str, then: str) -> None:
        if name in query and query[name] not in allowed:
            sentences.append(f"Unknown {label}: {shown(query[name])}. {then}.")

    if not _present_name(query):
        check("attention_panel", panels, "tab", f"Showing {panels[0]}")
    check("attention_class", classes, "class", "Using the default")
    check("attention_fusion", ("mean", "max", "min"), "head fusion", "Using mean")
    discard = query.get("attention_discard")
    if discard is not None and not _is_share(discard):
        sentences.append(f"Discard ratio must be 0–0.9 (got {shown(discard)}). Using 0.")
    return sentences


def note(*, panels: Sequence[str], classes: Sequence[str]) -> str:
    """What is not valid in the link of this session, until a tab is chosen; or ""."""
    if _NOTE not in st.session_state:  # before the first bound widget, which drops such values
        found = asked_in_vain(st.query_params.to_dict(), panels=panels, classes=classes)
        st.session_state[_NOTE] = " ".join(found)
        if panel := _present_name(st.query_params):
            st.session_state["attention_panel"] = panel
    return st.session_state[_NOTE]


def _present_name(query: Mapping[str, str]) -> str | None:
    """Of the tab that a URL calls by its earlier name."""
    return _EARLIER.get(quote_plus(query.get("attention_panel", "")).lower())


def forget() -> None:
    """A person has chosen: the link is history."""
    st.session_state[_NOTE] = ""


def is_open() -> bool:
    """Whether a tab is open that shows what is set above: a head, a pin, a link."""
    return st.session_state.get("attention_panel") in _FOLLOWING


def address(
    page: str,
    *,
    selection: Selection,
    lens: LensState,
    other: str,
    fusion: str = "mean",
    discard: float = 0.0,
    panel: str = "Logit lens",
) -> str:
    """The address that shows the Attention page as it is to another person.

    Args:
        page: its address without what follows the question mark.
        selection: with an image of a dataset; a person's own cannot be linked.
        lens: all that is set above the tabs.
        other: class that the predicted one is compared with.
        fusion: of rollout.
        discard: of rollout.
        panel: the tab that is open.
    """
    image, config = selection.image, selection.config
    values = {
        "picture_source": image.source,
        "picture_class": CLASS_NAMES[image.label],
        "picture_index": str(image.index),
        "patch_size": str(selection.patch_size),
        "model": selection.model_name,
        **written(lens, side=selection.side, heads=config.num_heads if config else None),
        "attention_class": other,
    }
    if fusion != "mean":
        values["attention_fusion"] = fusion
    if discard:
        values["attention_discard"] = f"{discard:g}"
    if panel != "Logit lens":
        values["attention_panel"] = panel
    return f"{page}?{urlencode(values)}"


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 0.9
    except ValueError:
        return False
