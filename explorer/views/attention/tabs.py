"""The Attention page below the maps: why the model predicts so, one tab at a time."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import client, components, url, url_fields
from explorer.records import ModelOutput
from explorer.results import Failure, Ready, Result
from explorer.selection import Selection
from explorer.text.language import tr
from explorer.text.names import shown_name
from explorer.views.attention import (
    attribution,
    export,
    head_ablation,
    head_metrics,
    logit_lens,
    view_state,
)
from explorer.views.attention.common import AnalysisContext, draw_placeholder

__all__ = ["PANELS", "draw"]

PANELS = url_fields.PANELS
_LOGIT_LENS, _HEAD_ABLATION, _HEAD_METRICS, _ATTRIBUTION, _EXPORT = PANELS
_FOLLOWING = (_HEAD_METRICS, _EXPORT)  # they show what is set above
_NOTES = "attention_link_notes"
_KEY = "attention_panel"
_HEIGHT = 480


@st.fragment(key="attention_panels")
def draw(baseline: Result[ModelOutput], selection: Selection) -> None:
    """Draw the chosen tab; the others compute nothing.

    Args:
        baseline: the forward pass without interventions.
        selection: what it is about.
    """
    client.wait_no_longer()
    names, model = selection.class_names, selection.model
    notes = _notes(selection)
    panel = st.segmented_control(
        tr("Analysis"),
        PANELS,
        format_func=tr,
        default=PANELS[0],
        key=_KEY,
        bind="query-params",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
        on_change=_forget_notes,
    )
    components.notices(notes)
    if isinstance(model, Failure) or not isinstance(baseline, Ready):
        draw_placeholder(model if isinstance(model, Failure) else baseline, height=_HEIGHT)
        return
    chosen = panel or PANELS[0]
    files, place = export.columns() if chosen == _EXPORT else (None, st.container())
    with place, st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        other = (
            _other(baseline.value, selection.truth, names)
            if chosen not in (_HEAD_ABLATION, _HEAD_METRICS)
            else 0
        )
        rollout = attribution.controls() if chosen in (_ATTRIBUTION, _EXPORT) else ("mean", 0.0)
    context = AnalysisContext(
        selection=view_state.current(selection),
        model=model,
        baseline=baseline.value,
        other=other,
    )
    if files is not None:
        export.draw(context, files, place, fusion=rollout[0], discard=rollout[1])
    else:
        _draw(chosen, context, *rollout)


def follows_view() -> bool:
    """Whether a tab is open that shows what is set above: a head, a pin, a link."""
    return st.session_state.get(_KEY) in _FOLLOWING


def _notes(selection: Selection) -> list[str]:
    """What is not valid in the link of this session, until a tab is chosen."""
    if _NOTES not in st.session_state:  # before the first bound widget, which drops such values
        query = st.query_params.to_dict()
        st.session_state[_NOTES] = url.read(query, url_fields.TABS, url.known_of(selection))[1]
        if not url.is_countable(query.get("discard_ratio", "0")):
            del st.query_params["discard_ratio"]  # the slider would take any digits
            st.rerun()
    return st.session_state[_NOTES]


def _forget_notes() -> None:
    """A person has chosen: the link is history."""
    st.session_state[_NOTES] = []


def _draw(panel: str, context: AnalysisContext, fusion: str, discard: float) -> None:
    if panel == _ATTRIBUTION:
        attribution.draw(context, fusion=fusion, discard=discard)
    elif panel == _HEAD_ABLATION:
        head_ablation.draw(context)
    elif panel == _HEAD_METRICS:
        head_metrics.draw(context)
    else:
        logit_lens.draw(context)


def _other(output: ModelOutput, truth: int | None, names: tuple[str, ...]) -> int:
    """The class to compare with: a person's choice, the true label, or the runner-up."""
    order = np.argsort(-output.probabilities, kind="stable")
    top = int(order[0])
    offered = [name for index, name in enumerate(names) if index != top]
    first = names[truth if truth not in (None, top) else int(order[1])]
    # A class chosen for one image is predicted for another: then it is chosen anew.
    if st.session_state.get("attention_class", first) not in offered:
        st.session_state["attention_class"] = first
    chosen = st.selectbox(
        tr("Compare with class"),
        offered,
        format_func=shown_name,
        index=offered.index(first),
        key="attention_class",
        bind="query-params",
        persist_state="session",
        width=190,
    )
    return names.index(chosen)
