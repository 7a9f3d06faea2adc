"""Attribution maps of the image and their deletion and insertion tests, as far as known by now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer.client.activations import forward
from explorer.client.partial_results import in_parts
from explorer.client.session import ask
from explorer.client.tasks import analysis_tasks
from explorer.records import AttributionMaps, ModelOutput
from explorer.results import Failure, Pending, Ready, Result
from explorer.selection import ModelRef, Selection
from explorer.text.language import tr
from vitcore.inference import batch_size
from vitcore.interpret.attention_metrics import pooled_attention
from vitcore.interpret.deletion_insertion import CurvePlan, Curves, curves, plan_curves
from vitcore.interpret.occlusion import occlusion_map, windows
from vitcore.interpret.rollout import rollout


def attribution_maps(
    selection: Selection, class_index: int, *, head_fusion: str = "mean", discard_ratio: float = 0.0
) -> Result[AttributionMaps]:
    """Four maps over the image for one class; those that are not there yet are None.

    Args:
        selection: what it is about; its intervention is left out.
        class_index: the class asked about.
        head_fusion: of rollout.
        discard_ratio: share of attention that rollout sets to zero, in [0, 1).
    """
    selection = selection.baseline
    model, output = selection.model, forward(selection)
    if isinstance(model, Failure):
        return model
    if not isinstance(output, Ready):
        return output
    of = output.value
    relevance = ask(
        analysis_tasks.relevance, selection, class_index, message=tr("Computing relevance…")
    )
    masked = windows(of.grid)
    occluded = _masked(
        selection,
        masked,
        message=tr("Computing occlusion ({count} forward passes)…", count=len(masked)),
    )
    if isinstance(relevance, Failure):
        return relevance
    if isinstance(occluded, Failure):
        return occluded
    after, pending = occluded.value, occluded.pending
    if isinstance(relevance, Pending):
        pending = Pending(relevance.message, relevance.hint, relevance.progress or 0.0)
    pooling = model.config.pooling
    last = of.attention[-1].mean(axis=0)
    raw = pooled_attention(last, pooling=pooling, num_prefix_tokens=of.num_prefix_tokens)
    rolled = _rollout(output_key(selection, of), head_fusion, discard_ratio, pooling, of)
    maps = AttributionMaps(
        patch_size=selection.patch_size,
        class_index=class_index,
        raw=raw.astype(np.float32).reshape(of.grid),
        rollout=rolled.astype(np.float32).reshape(of.grid),
        relevance=relevance.value,
        occlusion=None
        if np.isnan(after).any()
        else occlusion_map(of.logits, after, of.grid, class_index=class_index, of="logit"),
    )
    return Ready(maps, pending)


def deletion_insertion(
    selection: Selection, maps: Sequence[AttributionMaps]
) -> Result[tuple[Curves, ...]]:
    """Deletion and insertion curves of the four maps of each class, and of random order.

    Maps of several classes share what is masked in the same order: random, raw and rollout. A curve
    that is not known yet is NaN.

    Args:
        selection: what it is about; its intervention is left out.
        maps: of each class, complete.
    """
    selection = selection.baseline
    known: dict[bytes, np.ndarray] = {}
    found, late = [], None
    plans = [plan_curves(one.rows) for one in maps]
    whole = len({row for plan in plans for row in _names(plan.erased)})
    for plan, one in zip(plans, maps, strict=True):
        names = _names(plan.erased)
        fresh = [row for row in _by_use(plan) if names[row] not in known]
        message = tr("Deletion and insertion tests ({count} forward passes)…", count=whole)
        masked = _masked(selection, plan.erased[fresh], message=message)
        if isinstance(masked, Failure):
            return masked
        known |= {names[row]: logits for row, logits in zip(fresh, masked.value, strict=True)}
        late = late or masked.pending
        logits = np.stack([known[name] for name in names])
        found.append(curves(plan, logits, class_index=one.class_index))
    done = sum(bool(np.isfinite(logits).all()) for logits in known.values()) / max(whole, 1)
    return Ready(tuple(found), late and Pending(late.message, late.hint, done))


def output_key(selection: Selection, output: ModelOutput) -> tuple[Any, ...]:
    """What a forward pass is known by; with other weights it has other logits."""
    return selection.key, output.logits.tobytes()


def _names(sets: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(sets, axis=1)]


def _by_use(plan: CurvePlan) -> list[int]:
    """The sets of a plan as they are needed: random order first, then one map after another."""
    orders = [*range(plan.maps, len(plan.deletion)), *range(plan.maps)]
    places = np.concatenate([plan.deletion[orders], plan.insertion[orders]], axis=1).ravel()
    return list(dict.fromkeys(places.tolist()))


def _masked(selection: Selection, sets: np.ndarray, *, message: str) -> Ready[np.ndarray] | Failure:
    """Logits (n, C) of the image with each of the sets (n, N) masked; NaN where not yet known."""
    model = selection.model
    if not isinstance(model, ModelRef):
        return model
    size = batch_size(model.config.tokens(selection.patch_size))
    starts = range(0, len(sets), size)

    def ask_batch(start: int, *, notify: bool) -> Result[Any]:
        part = sets[start : start + size]
        return ask(
            analysis_tasks.masked,
            selection,
            np.packbits(part, axis=1).tobytes(),
            len(part),
            message=message,
            background=True,
            notify=notify,
        )

    parts = in_parts([partial(ask_batch, start) for start in starts])
    if isinstance(parts, Failure):
        return parts
    logits = np.full((len(sets), model.config.classes), np.nan, np.float32)
    for start, part in zip(starts, parts.value, strict=True):
        if part is not None:
            logits[start : start + size] = part
    return Ready(logits, parts.pending)


@st.cache_resource(max_entries=64, show_spinner=False)
def _rollout(
    key: tuple[Any, ...],  # noqa: ARG001 - of the forward pass
    head_fusion: str,
    discard_ratio: float,
    pooling: str,
    _output: ModelOutput,
) -> np.ndarray:
    """Rollout, pooled: (N,), read-only; at P = 2 it takes as long as the page's rest."""
    whole = rollout(_output.attention, head_fusion=head_fusion, discard_ratio=discard_ratio)
    pooled = pooled_attention(whole, pooling=pooling, num_prefix_tokens=_output.num_prefix_tokens)
    pooled.setflags(write=False)
    return pooled
