"""What a link may say about the panels, and what is said where it asks for what there is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from explorer.attention_panels.lens_codes import shown, written
from explorer.components.attention_lens.lens_state import LensState
from explorer.state import Picture

_NOTE = "attention_link_note"
_FOLLOWING = ("Numbers", "Take it along")  # they show what is set in the lens


def asked_in_vain(
    query: Mapping[str, str], *, panels: Sequence[str], classes: Sequence[str]
) -> list[str]:
    """Sentences about values in the URL that cannot be, each with what is shown instead.

    Args:
        query: names and values as they stand in the URL.
        panels: names of the panels, the first is the default.
        classes: class names.
    """
    sentences = []

    def check(name: str, allowed: Sequence[str], label: str, instead: str) -> None:
        if name in query and query[name] not in allowed:
            sentences.append(
                f"{label} {shown(query[name])} is not one of {', '.join(allowed)}: "
                f"showing {instead}."
            )

    check("attention_panel", panels, "Panel", panels[0])
    check("attention_class", classes, "Class", "the likeliest other one")
    check("attention_fusion", ("mean", "max", "min"), "Fusion", "mean")
    discard = query.get("attention_discard")
    if discard is not None and not _is_share(discard):
        sentences.append(
            f"Dropped attention {shown(discard)} is not a number in 0 to 0.9: showing 0."
        )
    return sentences


def note(*, panels: Sequence[str], classes: Sequence[str]) -> str:
    """The sentences that the link of this session earned, until a panel is chosen; or ""."""
    if _NOTE not in st.session_state:  # before the first bound widget, which drops such values
        found = asked_in_vain(st.query_params.to_dict(), panels=panels, classes=classes)
        st.session_state[_NOTE] = " ".join(found)
    return st.session_state[_NOTE]


def forget() -> None:
    """A person has chosen: the link is history."""
    st.session_state[_NOTE] = ""


def is_open() -> bool:
    """Whether a panel is open that shows what is set in the lens: a head, a pin, a link."""
    return st.session_state.get("attention_panel") in _FOLLOWING


def address(
    page: str,
    *,
    picture: Picture,
    patch_size: int,
    model: str,
    lens: LensState,
    side: int,
    heads: int,
    other: str,
    fusion: str = "mean",
    discard: float = 0.0,
    panel: str = "Maps",
) -> str:
    """The address that shows the Attention page as it is to another person.

    Args:
        page: its address without what follows the question mark.
        picture: one of a data set; a person's own cannot be linked.
        patch_size: P.
        model: its name.
        lens: all that is set in the lens.
        side: rows and columns of the grid.
        heads: in each block.
        other: class asked about beside the answer.
        fusion: of rollout.
        discard: of rollout.
        panel: the one that is open.
    """
    label, _, index = picture.name.rpartition(" ")
    values = {
        "picture_source": picture.source,
        "picture_class": label,
        "picture_index": index,
        "patch_size": str(patch_size),
        "model": model,
        **written(lens, side=side, heads=heads),
        "attention_class": other,
    }
    if fusion != "mean":
        values["attention_fusion"] = fusion
    if discard:
        values["attention_discard"] = f"{discard:g}"
    if panel != "Maps":
        values["attention_panel"] = panel
    return f"{page}?{urlencode(values)}"


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 0.9
    except ValueError:
        return False
