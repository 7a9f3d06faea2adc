"""Head ablation: the effect of each head, on this image and on 200."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from explorer import client, components
from explorer.data import cifar10_setup
from explorer.figures.attention import heads_ranked
from explorer.records import HeadRanking
from explorer.results import Ready, Result
from explorer.text.language import N_, tr
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    UNCHANGED,
    AnalysisContext,
    after,
    as_csv,
    chart,
    colours,
    download,
    draw_placeholder,
    quiet,
    rerun_when_ready,
)
from explorer.views.attention.findings import ablation_finding, ablation_finding_of_many
from vitcore.interpret.head_ablation import HeadEffects, ranked

IMAGES = 200
_NAMES = {
    "cifar10": N_("{count} CIFAR-10 test images"),
    "sketch10": N_("{count} sketch10 images"),
}
_SWITCHES = "attention_switches"  # how often a bar was clicked


def draw(context: AnalysisContext) -> None:
    """Ranked bars of this image, and of many."""
    height = bars_height(context)
    off = context.selection.intervention.ablated_heads
    left, right = st.columns(2, gap="large")
    one = client.head_ablation(context.selection)
    source = source_of_many(context)
    many = client.head_ablation_many(context.selection, source, images=IMAGES)
    with left:
        _this(context, one, off, height)
    with right:
        _many(context, many, source, off, height)
    row = st.container(horizontal=True, gap="small")
    if (found := one.value) is not None:
        name = context.names[found.class_index]
        download(
            tr("This image (CSV)"), lambda: effects_csv(found.effects, name),
            context.selection.file("heads.csv"), key="heads_csv", place=row,
        )  # fmt: skip
    if (effects := many.value) is not None:
        count = effects.num_images
        download(
            tr("{count} images (CSV)", count=count),
            lambda: effects_csv(effects, N_("true label")),
            context.selection.file(f"heads-{source}-{count}.csv"),
            key="heads_many_csv",
            place=row,
        )
    components.how_to_read(
        "attention_head_ablation",
        code=components.source_of("vitcore/interpret/head_ablation.py", "logits_without_each")
        + "\n\n"
        + components.source_of("vitcore/interpret/head_ablation.py", "head_effects"),
    )
    for result in (one, many):
        rerun_when_ready(result)


def bars_height(context: AnalysisContext) -> int:
    """Pixels for one bar per head."""
    return max(300, min(760, 90 + 19 * context.model.config.depth * context.model.config.num_heads))


def source_of_many(context: AnalysisContext) -> str:
    """Which test set: that of this image, or sketch10 where there is no other."""
    photographs = context.selection.image.source != "sketch10" and cifar10_setup.cifar10().ready
    return "cifar10" if photographs else "sketch10"


def _this(
    context: AnalysisContext,
    result: Result[HeadRanking],
    off: Sequence[tuple[int, int]],
    height: int,
) -> None:
    if not isinstance(result, Ready):
        components.figure_heading(tr("This image"), " ")
        draw_placeholder(result, height=height)
        return
    found = result.value
    label = context.shown_names[found.class_index]
    components.figure_heading(tr("This image"), ablation_finding(found.effects, label))
    about = tr(
        "Change in p({label}) per ablated head. Select a bar to ablate its head above.",
        label=escape(label),
    )
    quiet(_baseline(context, about))
    change, key = found.effects.heads.probability, fresh("attention_heads")
    chart(
        heads_ranked(change, colours=colours(), off=off, height=height),
        key,
        on_select=lambda: switch(context, key, change),
        selection_mode="points",
    )


def _many(
    context: AnalysisContext,
    result: Result[HeadEffects],
    source: str,
    off: Sequence[tuple[int, int]],
    height: int,
) -> None:
    name = tr(_NAMES[source], count=IMAGES)
    if not isinstance(result, Ready):
        components.figure_heading(name, " ")
        draw_placeholder(result, height=height)
        return
    effects, counting = result.value, result.pending is not None
    finding = ablation_finding_of_many(effects)
    if counting:
        finding = tr(
            "{finding} (so far: {done} / {wanted} images)",
            finding=finding,
            done=effects.num_images,
            wanted=IMAGES,
        )
    components.figure_heading(name, finding)
    quiet(_baseline(context, tr("Mean change in p(true label).")))
    change, key = effects.heads.probability, fresh("attention_heads_many")
    chart(
        heads_ranked(change, colours=colours(), off=off, counting=counting, height=height),
        key,
        on_select=lambda: switch(context, key, change, counting=counting),
        selection_mode="points",
    )


def _baseline(context: AnalysisContext, about: str) -> str:
    """Adds that effects are not of the model as it is changed, where it is."""
    return after(about, tr(UNCHANGED)) if context.selection.intervened else about


def switch(
    context: AnalysisContext, key: str, change: np.ndarray, *, counting: bool = False
) -> None:
    """Ablate the head of a clicked bar above, or restore it."""
    heads = list(np.ndindex(change.shape)) if counting else ranked(change)
    clicked = [round(point["y"]) for point in st.session_state[key]["selection"]["points"]]
    if not clicked or clicked[0] not in range(len(heads)):
        return
    selection = view_state.current(context.selection)
    now = selection.intervention
    off = set(now.ablated_heads) ^ {heads[clicked[0]]}
    made = replace(now, ablated_heads=tuple(sorted(off)))
    st.session_state[_SWITCHES] = st.session_state.get(_SWITCHES, 0) + 1
    view_state.store(made, selection)
    view_state.show_url(selection)
    st.rerun(["attention_lens", "attention_panels"])


def fresh(name: str) -> str:
    """A key that changes with every click: a chart without a selection, ready for the next."""
    return f"{name}_{st.session_state.get(_SWITCHES, 0)}"


def effects_csv(effects: HeadEffects, label: str) -> str:
    """A row for each ablated head and block (head "all"): what changes from the baseline."""
    parts = ("probability", "logit", "accuracy")
    rows = [["baseline", "", *(float(getattr(effects.before, part)) for part in parts)]]
    for block, head in np.ndindex(effects.heads.probability.shape):
        changes = [getattr(effects.heads, part)[block, head] for part in parts]
        rows.append([block + 1, head + 1, *changes])
    for block in range(len(effects.blocks.probability)):
        rows.append([block + 1, "all", *(getattr(effects.blocks, part)[block] for part in parts)])
    return as_csv(["block", "head", *(f"{part} of {label}" for part in parts)], rows)
