"""The pages, and the way from one to another."""

from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.text.language import N_, tr

# Stage of the strip -> (script, title, path). The chain ends in the answer: Evaluate.
_PAGES = {
    "overview": ("views/overview.py", N_("Overview"), None),
    "patches": ("views/patches.py", N_("Patches"), "patches"),
    "positions": ("views/positions.py", N_("Positions"), "positions"),
    "self_attention": ("views/self_attention.py", N_("Self-attention"), "self-attention"),
    "attention": ("views/attention/page.py", N_("Attention"), "attention"),
    "encoder": ("views/encoder.py", N_("Encoder"), "encoder"),
    "train": ("views/train.py", N_("Train"), "train"),
    "evaluate": ("views/evaluate.py", N_("Evaluate"), "evaluate"),
    "models": ("views/models.py", N_("Models"), "models"),
}
_STAGES = {"answer": "evaluate"}


def pages() -> list:
    """A fresh `st.Page` for each page, Overview first."""
    return [
        st.Page(script, title=tr(title), url_path=path, default=path is None)
        for script, title, path in _PAGES.values()
    ]


def goto(stage: str, query: Mapping[str, str] | None = None) -> None:
    """Open the page of a stage: a page's name, or "answer".

    Args:
        stage: where to go.
        query: what the URL says from then on, beside what widgets of that page are bound to.

    Raises:
        ValueError: for another name.
    """
    name = _STAGES.get(stage, stage)
    if name not in _PAGES:
        raise ValueError(f"stage must be one of {', '.join([*_PAGES, *_STAGES])}, got {stage!r}")
    # With None, Streamlit clears the URL first and refuses where a widget is bound to it; the bound
    # widgets write their values again at once.
    st.switch_page(_PAGES[name][0], query_params=query or {})


def names() -> tuple[str, ...]:
    """The names of all pages, in their order."""
    return tuple(_PAGES)


def name_of(path: str) -> str:
    """The name of the page at a path; Overview has none."""
    return next((name for name, (_, _, at) in _PAGES.items() if (at or "") == path), "overview")


def title_of(name: str) -> str:
    """The title of a page, in the language of the page that is run."""
    return tr(_PAGES[name][1])


def went_back() -> bool:
    """Whether this run was asked for by the browser's back or forward button."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and context.is_history_navigation)
