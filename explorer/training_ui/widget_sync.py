"""Values that a script gives to widgets, held against what the browser still believed."""

import time
from typing import Any

import streamlit as st

_SECONDS = 5.0  # in which a message that was on its way has come
_NAME = "held_widgets"


def put(key: str, value: Any) -> None:
    """Give a widget a value, in a callback or before the widget is drawn.

    A fragment that draws itself anew every second sends the values of all widgets along. Such a
    message, on its way while this value is set, would bring the old one back: `hold` undoes that.
    """
    held = st.session_state.setdefault(_NAME, {})
    held[key] = st.session_state.get(key), value, time.monotonic() + _SECONDS
    st.session_state[key] = value


def release(key: str) -> None:
    """A person has chosen a value since: it stands, be it the old one."""
    st.session_state.get(_NAME, {}).pop(key, None)


def hold() -> None:
    """Set again what such a message has undone; called before the widgets are drawn."""
    for key, value in _undone().items():
        st.session_state[key] = value


def undone() -> bool:
    """Whether a value that was put is the old one again; a fragment may ask, and rerun the page."""
    return bool(_undone())


def _undone() -> dict[str, Any]:
    held = st.session_state.get(_NAME, {})
    for key in [key for key, (_, _, until) in held.items() if time.monotonic() > until]:
        del held[key]
    return {
        key: new
        for key, (old, new, _) in held.items()
        if old != new and st.session_state.get(key) == old
    }
