"""Presenter's view: larger type, no controls, one figure; and hiding single parts. By the URL."""

from __future__ import annotations

import streamlit as st

PARTS = {
    "sidebar": '[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"]',
    "nav": '[data-testid="stHeader"]',
    "help": '[data-testid="stExpander"], .st-key-start',
    "strip": '[data-testid="stLayoutWrapper"]:has(> [class*="_chain"]), .st-key-strip',
    "title": '[data-testid="stMainBlockContainer"] h1',
    "tour": ".st-key-tour_card",
}
_PRESENT = ("sidebar", "nav", "help", "strip")
_SCALE = """
html { font-size: clamp(18px, 1.5vw, 26px) !important; }
[data-testid="stMainBlockContainer"] {
  max-width: 1760px; padding-top: 1.6rem; --figure-width: 1660px;
}
.st-key-leave_presenting { position: fixed; top: 0; right: 1rem; width: fit-content; z-index: 2; }
"""
_ONE = """
[data-testid="stMainBlockContainer"] > .stVerticalBlock
  > :not(.st-key-leave_presenting, .st-key-tour_card, :has(.st-key-tour_card), KEY, :has(KEY),
    :has(h1)) { display: none; }
"""


def enter() -> None:
    """Note what the URL asks for, and keep it there from page to page."""
    for name in ("present", "hide"):
        if name in st.query_params:
            st.session_state[f"view_{name}"] = st.query_params[name]
        elif value := st.session_state.get(f"view_{name}"):
            st.query_params[name] = value


def on() -> bool:
    return st.session_state.get("view_present") == "1"


def css(figure: str = "") -> str:
    """The style that hides what is to be hidden.

    Args:
        figure: key of the one figure that is shown while presenting, or "" for all.
    """
    asked = st.session_state.get("view_hide", "").split(",")
    hidden = [part for part in PARTS if part in asked or (on() and part in _PRESENT)]
    rules = "".join(f"{PARTS[part]} {{ display: none !important; }}\n" for part in hidden)
    if on():
        rules += _SCALE
        if figure:
            rules += _ONE.replace("KEY", f".st-key-{figure}")
    return rules
