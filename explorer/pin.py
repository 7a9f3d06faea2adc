"""The pinned token: one for all pages and figures, in a hidden field that is bound to the URL."""

from __future__ import annotations

import streamlit as st

from explorer import components, state, url, url_values
from explorer.selection import Pin
from explorer.text.language import N_

_FIELD, _MESSENGER, _NEWS = "pinned", "pin_messenger", "pin_news"


def pinned() -> Pin | None:
    """What is pinned now."""
    return url.pinned(st.session_state.get(_FIELD, ""))


@st.fragment(key="pin")
def draw(page: str) -> None:
    """Hear of pins; a pin runs this part alone, but where the Export tab shows it.

    Args:
        page: name of the page that is run.
    """
    state.in_url(_FIELD)
    with st.container(key="hidden_messenger"):
        components.pin_messenger(pinned(), mark=state.followed(), key=_MESSENGER, on_pin=_keep)
    news = st.session_state.pop(_NEWS, False)
    if news and page == "attention" and st.session_state.get("attention_panel") == N_("Export"):
        st.rerun()


def _keep() -> None:
    pin = components.sent_pin(st.session_state.get(_MESSENGER))
    st.session_state[_FIELD] = url_values.pin_word(pin) if pin else ""
    st.session_state[_NEWS] = True
