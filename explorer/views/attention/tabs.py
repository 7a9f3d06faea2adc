"""The Attention page below the maps: why the model predicts so, one tab at a time."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer import client, state
from explorer.client.results import Problem, Reading, Waiting
from explorer.text.class_names import class_names
from explorer.views.attention import (
    attribution,
    export,
    head_ablation,
    head_metrics,
    logit_lens,
    share_link,
)
from explorer.views.attention.common import Asked, in_its_place
from vitcore.config import CLASS_NAMES, ViTConfig

__all__ = ["PANELS", "draw"]

PANELS = ("Logit lens", "Head ablation", "Head metrics", "Attribution", "Export")
_KEY = "attention_panel"
_HEIGHT = 480


@st.fragment(key="attention_panels")
def draw(
    answer: Reading | Waiting | Problem,
    picture: state.Picture,
    patch_size: int,
    *,
    model: str,
    config: ViTConfig | None,
) -> None:
    """Draw the chosen tab; the others compute nothing.

    Args:
        answer: of the image, without interventions.
        picture: the chosen image.
        patch_size: P.
        model: its name.
        config: what it is built of, where that is known.
    """
    client.wait_no_longer()
    names = class_names(config.classes if config else len(CLASS_NAMES))
    note = share_link.note(panels=PANELS, classes=names)
    panel = st.segmented_control(
        "Analysis",
        PANELS,
        default=PANELS[0],
        key=_KEY,
        bind="query-params",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
        on_change=share_link.forget,
    )
    if note:
        st.html(f'<p class="quiet-line" role="status">{escape(note)}</p>')
    if not isinstance(answer, Reading) or config is None:
        waiting = (
            answer
            if not isinstance(answer, Reading)
            else Problem("Model weights could not be read.", "Select another model.")
        )
        in_its_place(waiting, height=_HEIGHT)
        return
    chosen = panel or PANELS[0]
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        other = (
            _other(answer, picture, names) if chosen not in ("Head ablation", "Head metrics") else 0
        )
        rollout = attribution.controls() if chosen in ("Attribution", "Export") else ("mean", 0.0)
    asked = Asked(
        model=model,
        picture=picture,
        patch_size=patch_size,
        reading=answer,
        config=config,
        names=names,
        other=other,
    )
    _draw(chosen, asked, *rollout)


def _draw(panel: str, asked: Asked, fusion: str, discard: float) -> None:
    if panel == "Attribution":
        attribution.draw(asked, fusion=fusion, discard=discard)
    elif panel == "Head ablation":
        head_ablation.draw(asked)
    elif panel == "Head metrics":
        head_metrics.draw(asked)
    elif panel == "Logit lens":
        logit_lens.draw(asked)
    else:
        export.draw(asked, fusion=fusion, discard=discard)


def _other(answer: Reading, picture: state.Picture, names: tuple[str, ...]) -> int:
    """The class to compare with: a person's choice, the true label, or the runner-up."""
    order = np.argsort(-answer.probabilities, kind="stable")
    top = int(order[0])
    offered = [name for index, name in enumerate(names) if index != top]
    first = names[picture.truth if picture.truth not in (None, top) else int(order[1])]
    # A class chosen for one image is predicted for another: then it is chosen anew.
    if st.session_state.get("attention_class", first) not in offered:
        st.session_state["attention_class"] = first
    chosen = st.selectbox(
        "Compare with class",
        offered,
        index=offered.index(first),
        key="attention_class",
        bind="query-params",
        persist_state="session",
        width=190,
    )
    return names.index(chosen)
