"""Head ablation: the effect of each head, on this image and on 200."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from explorer import components
from explorer.client import head_analyses
from explorer.client.analysis_results import Gathered, HeadRanking
from explorer.client.results import Problem, Waiting
from explorer.data import cifar10_setup
from explorer.figures.attention import heads_ranked
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    UNCHANGED,
    Asked,
    as_csv,
    changes_of,
    chart,
    colours,
    download,
    in_its_place,
    later,
    quiet,
)
from explorer.views.attention.findings import ablation_finding, ablation_finding_of_many
from vitcore.interpret.head_ablation import HeadEffects, ranked
from vitcore.intervention import Intervention

PICTURES = 200
_SWITCHES = "attention_switches"  # how often a bar was clicked


def draw(asked: Asked) -> None:
    """Ranked bars of this image, and of many."""
    height = bars_height(asked)
    off = view_state.changes(asked.model, asked.picture, asked.patch_size).ablated_heads
    left, right = st.columns(2, gap="large")
    found = head_analyses.head_ranking(asked.model, asked.picture, asked.patch_size)
    source = source_of_many(asked)
    many = head_analyses.head_ranking_many(asked.model, source, asked.patch_size, pictures=PICTURES)
    with left:
        _this(asked, found, off, height)
    with right:
        _many(asked, many, source, off, height)
    row = st.container(horizontal=True, gap="small")
    if isinstance(found, HeadRanking):
        name = asked.names[found.class_index]
        download(
            "This image (CSV)", lambda: effects_csv(found.effects, name),
            asked.file("heads.csv"), key="heads_csv", place=row,
        )  # fmt: skip
    if isinstance(many, Gathered):
        download(
            f"{many.done} images (CSV)", lambda: effects_csv(many.answer, "true label"),
            asked.file(f"heads-{source}-{many.done}.csv"), key="heads_many_csv", place=row,
        )  # fmt: skip
    components.how_to_read(
        "attention_head_ablation",
        code=components.source_of("vitcore/interpret/head_ablation.py", "logits_without_each")
        + "\n\n"
        + components.source_of("vitcore/interpret/head_ablation.py", "head_effects"),
    )
    for answer in (found, many):
        later(answer)
    if isinstance(many, Gathered) and many.done < many.of and view_state.in_fragment():
        st.rerun()


def bars_height(asked: Asked) -> int:
    """Pixels for one bar per head."""
    return max(300, min(760, 90 + 19 * asked.config.depth * asked.config.num_heads))


def source_of_many(asked: Asked) -> str:
    """Which test set: that of this image, or sketch10 where there is no other."""
    photographs = asked.picture.source != "sketch10" and cifar10_setup.cifar10().ready
    return "cifar10" if photographs else "sketch10"


def _this(
    asked: Asked,
    found: HeadRanking | Waiting | Problem,
    off: Sequence[tuple[int, int]],
    height: int,
) -> None:
    if not isinstance(found, HeadRanking):
        components.figure_heading("This image", " ")
        in_its_place(found, height=height)
        return
    label = asked.names[found.class_index]
    components.figure_heading("This image", ablation_finding(found.effects, label))
    about = f"Change in p({escape(label)}) per ablated head. Click a bar to ablate it above."
    quiet(f"{about}{_baseline(asked)}")
    change, key = found.effects.heads.probability, fresh("attention_heads")
    chart(
        heads_ranked(change, colours=colours(), off=off, height=height),
        key,
        on_select=lambda: switch(asked, key, change),
        selection_mode="points",
    )


def _many(
    asked: Asked,
    many: Gathered | Waiting | Problem,
    source: str,
    off: Sequence[tuple[int, int]],
    height: int,
) -> None:
    name = f"{PICTURES} {'CIFAR-10 test' if source == 'cifar10' else 'sketch10'} images"
    if not isinstance(many, Gathered):
        components.figure_heading(name, " ")
        in_its_place(many, height=height)
        return
    counting = many.done < many.of
    components.figure_heading(name, ablation_finding_of_many(many.answer))
    progress = f" {many.done} / {many.of} images." if counting else ""
    quiet(f"Mean change in p(true label).{progress}{_baseline(asked)}")
    change, key = many.answer.heads.probability, fresh("attention_heads_many")
    chart(
        heads_ranked(change, colours=colours(), off=off, counting=counting, height=height),
        key,
        on_select=lambda: switch(asked, key, change, counting=counting),
        selection_mode="points",
    )


def _baseline(asked: Asked) -> str:
    """That effects are not of the model as it is changed, where it is."""
    return f" {UNCHANGED}" if changes_of(asked) != Intervention() else ""


def switch(asked: Asked, key: str, change: np.ndarray, *, counting: bool = False) -> None:
    """Ablate the head of a clicked bar above, or restore it."""
    heads = list(np.ndindex(change.shape)) if counting else ranked(change)
    clicked = [round(point["y"]) for point in st.session_state[key]["selection"]["points"]]
    if not clicked or clicked[0] not in range(len(heads)):
        return
    now = view_state.changes(asked.model, asked.picture, asked.patch_size)
    off = set(now.ablated_heads) ^ {heads[clicked[0]]}
    made = Intervention(
        ablated_heads=tuple(sorted(off)), patches=now.patches, use_pos_embed=now.use_pos_embed
    )
    st.session_state[_SWITCHES] = st.session_state.get(_SWITCHES, 0) + 1
    of = asked.model, asked.picture, asked.patch_size
    view_state.keep(made, *of)
    view_state.show_url(*of, config=asked.config)
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
