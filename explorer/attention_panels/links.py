"""What a link may say about the panels, and what is said where it asks for what there is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

_NOTE = "attention_link_note"


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
                f"{label} {_shown(query[name])} is not one of {', '.join(allowed)}: "
                f"showing {instead}."
            )

    check("attention_panel", panels, "Panel", panels[0])
    check("attention_class", classes, "Class", "the likeliest other one")
    check("attention_fusion", ("mean", "max", "min"), "Fusion", "mean")
    discard = query.get("attention_discard")
    if discard is not None and not _is_share(discard):
        sentences.append(
            f"Dropped attention {_shown(discard)} is not a number in 0 to 0.9: showing 0."
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


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 0.9
    except ValueError:
        return False


def _shown(value: str) -> str:
    if not value:
        return "(empty)"
    return value if len(value) <= 40 else f"{value[:40]}…"
