"""Maps over the picture and their tests by erasing, as far as they are known by now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer import client
from explorer.client.analysis_results import Judged, Maps
from explorer.client.partial_results import in_parts, name_of
from explorer.client.results import Problem, Reading, Waiting
from explorer.client.tasks import analysis_tasks
from explorer.state import Picture
from vitcore.config import ViTConfig
from vitcore.inference_batches import batch_size
from vitcore.interpret.attention_metrics import pooled_attention
from vitcore.interpret.deletion_insertion import CurvePlan, curves, plan_curves
from vitcore.interpret.occlusion import occlusion_map, windows
from vitcore.interpret.rollout import rollout


def maps(
    model: str,
    picture: Picture,
    patch_size: int,
    class_index: int,
    *,
    fusion: str = "mean",
    discard: float = 0.0,
) -> Maps | Waiting | Problem:
    """Four maps over the picture for one class; those that are not there yet are None.

    Args:
        model: one of `client.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        class_index: the class asked about.
        fusion: of heads, in rollout.
        discard: share of attention that rollout sets to zero, in [0, 1).

    Returns:
        Waiting only where there is no map at all.
    """
    config = client.config(model)
    if isinstance(config, Problem):
        return config
    reading = client.reading(model, picture, patch_size)
    if not isinstance(reading, Reading):
        return reading
    relevance = client.ask(
        analysis_tasks.relevance,
        model,
        (picture.pixels, patch_size, class_index),
        key=(picture.key, patch_size, class_index),
        patch_size=patch_size,
        what="Computing relevance…",
    )
    if isinstance(relevance, Problem):
        return relevance
    covered = windows(reading.grid)
    what = f"Computing occlusion ({len(covered)} forward passes)…"
    fallen = _erased(model, picture, patch_size, covered, config, what=what)
    if isinstance(fallen, Problem):
        return fallen
    after, awaited = fallen
    if isinstance(relevance, Waiting):
        relevance, awaited = None, Waiting(relevance.what, relevance.then, relevance.done or 0.0)
    shape, logits = reading.grid, reading.logits
    last = reading.attention[-1].mean(axis=0)
    raw = pooled_attention(last, pooling=config.pooling, num_prefix_tokens=reading.prefix)
    rolled = _rolled(name_of(model, picture, reading), fusion, discard, config.pooling, reading)
    return Maps(
        patch_size=patch_size,
        class_index=class_index,
        raw=raw.astype(np.float32).reshape(shape),
        rollout=rolled.astype(np.float32).reshape(shape),
        relevance=relevance,
        occlusion=None
        if np.isnan(after).any()
        else occlusion_map(logits, after, shape, class_index=class_index, of="logit"),
        awaited=awaited,
    )


def tests(
    model: str, picture: Picture, patch_size: int, found: Sequence[Maps]
) -> list[Judged] | Problem:
    """Deletion and insertion curves of four maps, in the order of MAPS, and of random order.

    Maps of several classes share what is erased in the same order: random, raw and rollout.

    Args:
        model: one of `client.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        found: the maps of each class, all there.
    """
    config = client.config(model)
    if isinstance(config, Problem):
        return config
    known: dict[bytes, np.ndarray] = {}
    tested, late = [], None
    plans = [plan_curves(maps.rows) for maps in found]
    whole = len({row for plan in plans for row in _names(plan.erased)})
    for plan, maps in zip(plans, found, strict=True):
        names = _names(plan.erased)
        fresh = [row for row in _by_use(plan) if names[row] not in known]
        what = f"Deletion and insertion tests ({whole} forward passes)…"
        asked = _erased(model, picture, patch_size, plan.erased[fresh], config, what=what)
        if isinstance(asked, Problem):
            return asked
        answers, awaited = asked
        known |= {names[row]: answer for row, answer in zip(fresh, answers, strict=True)}
        late = late or awaited
        logits = np.stack([known[name] for name in names])
        tested.append((curves(plan, logits, class_index=maps.class_index), late))
    done = sum(bool(np.isfinite(answer).all()) for answer in known.values()) / max(whole, 1)
    return [Judged(told, late and Waiting(late.what, late.then, done)) for told, late in tested]


def _names(sets: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(sets, axis=1)]


def _by_use(plan: CurvePlan) -> list[int]:
    """The sets of a plan as they are needed: random order first, then one map after another."""
    orders = [*range(plan.maps, len(plan.deletion)), *range(plan.maps)]
    places = np.concatenate([plan.deletion[orders], plan.insertion[orders]], axis=1).ravel()
    return list(dict.fromkeys(places.tolist()))


def _erased(
    model: str,
    picture: Picture,
    patch_size: int,
    sets: np.ndarray,
    config: ViTConfig,
    *,
    what: str,
) -> tuple[np.ndarray, Waiting | None] | Problem:
    """Logits (n, C) of the picture with each of the sets (n, N) erased; NaN where not yet known."""
    size = batch_size(config.tokens(patch_size))
    starts = range(0, len(sets), size)

    def ask(start: int, *, heeded: bool) -> Any:
        part = sets[start : start + size]
        packed = np.packbits(part, axis=1).tobytes()
        return client.ask(
            analysis_tasks.erased,
            model,
            (picture.pixels, patch_size, packed, len(part)),
            key=(picture.key, patch_size, packed),
            patch_size=patch_size,
            what=what,
            background=True,
            heeded=heeded,
        )

    parts = in_parts([partial(ask, start) for start in starts])
    if isinstance(parts, Problem):
        return parts
    there, awaited = parts
    logits = np.full((len(sets), config.classes), np.nan, np.float32)
    for start, part in zip(starts, there, strict=True):
        if part is not None:
            logits[start : start + size] = part
    return logits, awaited


@st.cache_resource(max_entries=64, show_spinner=False)
def _rolled(
    name: tuple,  # noqa: ARG001 - of the reading
    fusion: str,
    discard: float,
    pooling: str,
    _reading: Reading,
) -> np.ndarray:
    """Rollout of a reading, pooled: (N,), read-only; at P=2 it takes as long as the page's rest."""
    whole = rollout(_reading.attention, head_fusion=fusion, discard_ratio=discard)
    pooled = pooled_attention(whole, pooling=pooling, num_prefix_tokens=_reading.prefix)
    pooled.setflags(write=False)
    return pooled
