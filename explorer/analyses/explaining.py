"""The analyses that explain an answer, asked for through services and cached like every reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer import gathering, services
from explorer.analyses.explanations import MAPS, Gathered, HeadRanking, Maps
from explorer.analyses.head_numbers import HeadNumbers, head_numbers, joined
from explorer.readings import Problem, Reading, Waiting, protect
from explorer.state import Picture
from explorer.worker import analysis_tasks
from explorer.worker.slicing import in_slices, slice_size
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention
from vitcore.introspection.attention_numbers import pooled_attention
from vitcore.introspection.curves import Curves, curves, plan_curves
from vitcore.introspection.erasure import occlusion_map, probabilities, windows
from vitcore.introspection.head_effects import HeadEffects, head_effects
from vitcore.introspection.rollout import rollout
from vitcore.passes import batch_size

__all__ = [
    "MAPS",
    "Gathered",
    "HeadRanking",
    "Maps",
    "faithfulness",
    "head_ranking",
    "head_ranking_many",
    "maps",
    "numbers",
    "numbers_many",
]


def maps(
    model: str,
    picture: Picture,
    patch_size: int,
    class_index: int,
    *,
    fusion: str = "mean",
    discard: float = 0.0,
) -> Maps | Waiting | Problem:
    """Four maps over the picture for one class.

    Args:
        model: one of `services.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        class_index: the class asked about.
        fusion: of heads, in rollout.
        discard: share of attention that rollout sets to zero, in [0, 1).
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config
    reading = services.reading(model, picture, patch_size)
    if not isinstance(reading, Reading):
        return reading
    relevance = services.ask(
        analysis_tasks.relevance,
        model,
        (picture.pixels, patch_size, class_index),
        key=(picture.key, patch_size, class_index),
        patch_size=patch_size,
        what="Asking which patches speak for the class.",
    )
    fallen = _erased(model, picture, patch_size, windows(reading.grid), config)
    for answer in (relevance, fallen):
        if isinstance(answer, (Waiting, Problem)):
            return answer
    shape = reading.grid
    last = reading.attention[-1].mean(axis=0)
    raw = pooled_attention(last, pooling=config.pooling, prefix=reading.prefix)
    rolled = _rolled(_name(model, picture, reading), fusion, discard, config.pooling, reading)
    return Maps(
        patch_size=patch_size,
        class_index=class_index,
        raw=raw.astype(np.float32).reshape(shape),
        rollout=rolled.astype(np.float32).reshape(shape),
        relevance=relevance,
        occlusion=occlusion_map(reading.logits, fallen, shape, class_index=class_index, of="logit"),
    )


def faithfulness(
    model: str,
    picture: Picture,
    patch_size: int,
    class_index: int,
    *,
    fusion: str = "mean",
    discard: float = 0.0,
) -> Curves | Waiting | Problem:
    """Deletion and insertion curves of the four maps, in the order of MAPS, and of random order.

    Args: see `maps`.
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config
    found = maps(model, picture, patch_size, class_index, fusion=fusion, discard=discard)
    if not isinstance(found, Maps):
        return found
    plan = plan_curves(found.rows)
    logits = _erased(model, picture, patch_size, plan.erased, config)
    if isinstance(logits, (Waiting, Problem)):
        return logits
    return curves(plan, logits, class_index=class_index)


def numbers(
    model: str, picture: Picture, patch_size: int, *, intervention: Intervention | None = None
) -> HeadNumbers | Waiting | Problem:
    """Heads in numbers over this picture, with the object where it is known.

    Args:
        model: one of `services.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        intervention: what to change in the pass; with patches moved the object is not known.
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config
    changed = intervention is not None and intervention != Intervention()
    how = {"intervention": intervention, "slot": "lens"} if changed else {}
    reading = services.reading(model, picture, patch_size, **how)
    if not isinstance(reading, Reading):
        return reading
    mask = None if changed and intervention.patches else picture.mask
    name = *_name(model, picture, reading), mask is None, repr(intervention) if changed else ""
    return _numbers(name, config.pooling, reading, mask)


def head_ranking(
    model: str, picture: Picture, patch_size: int, class_index: int | None = None
) -> HeadRanking | Waiting | Problem:
    """What each head does to this picture's answer.

    Args:
        model: one of `services.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        class_index: the class asked about; default the model's own answer.
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config
    logits = services.ask(
        analysis_tasks.without_each,
        model,
        (picture.pixels, patch_size),
        key=(picture.key, patch_size),
        patch_size=patch_size,
        what="Switching each head off in turn.",
    )
    if isinstance(logits, (Waiting, Problem)):
        return logits
    blocks, heads = config.depth, config.heads
    asked = int(logits[0, 0].argmax()) if class_index is None else class_index
    shown = probabilities(logits[0])  # (V, C)
    return HeadRanking(
        class_index=asked,
        effects=head_effects(logits, np.array([asked]), blocks=blocks, heads=heads),
        before=shown[0],
        heads=shown[1 : 1 + blocks * heads].reshape(blocks, heads, -1),
        blocks=shown[1 + blocks * heads :],
    )


def head_ranking_many(
    model: str, source: str, patch_size: int, *, pictures: int = 200
) -> Gathered | Waiting | Problem:
    """What each head does to the answers for the first test pictures, as far as known by now.

    It is computed in the background, a slice at a time, while a page keeps asking.

    Args:
        model: one of `services.model_names()`.
        source: "cifar10" or "sketch10".
        patch_size: P.
        pictures: how many, in the order of the data.
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config

    def effects(parts: list[tuple[np.ndarray, np.ndarray]]) -> HeadEffects:
        logits, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return head_effects(logits, classes, blocks=config.depth, heads=config.heads)

    ways = 1 + config.depth * config.heads + config.depth
    return _of_many(
        analysis_tasks.without_each_of_many,
        model,
        source,
        patch_size,
        pictures,
        size=slice_size(config, patch_size, ways),
        what="Switching each head off in turn",
        join=effects,
    )


def numbers_many(
    model: str, source: str, patch_size: int, *, pictures: int = 100
) -> Gathered | Waiting | Problem:
    """Heads in numbers (`HeadNumbers`) over the first test pictures, as far as known by now.

    Args: see `head_ranking_many`.
    """
    config = services.config(model)
    if isinstance(config, Problem):
        return config
    return _of_many(
        analysis_tasks.numbers_of_many,
        model,
        source,
        patch_size,
        pictures,
        # Traced one by one, and measured: some four times the work of the pass alone.
        size=slice_size(config, patch_size, 4),
        what="Measuring attention",
        join=joined,
    )


def _name(model: str, picture: Picture, reading: Reading) -> tuple:
    """What a reading is known by; with other weights it has other logits."""
    return model, picture.key, reading.patch_size, reading.logits.tobytes()


@st.cache_resource(max_entries=64, show_spinner=False)
def _numbers(
    name: tuple,  # noqa: ARG001 - of the reading, and whether there is a mask
    pooling: str,
    _reading: Reading,
    _mask: np.ndarray | None,
) -> HeadNumbers:
    found = head_numbers(
        _reading.attention, _reading.grid, prefix=_reading.prefix, pooling=pooling, mask=_mask
    )
    protect(found)
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _rolled(
    name: tuple,  # noqa: ARG001 - of the reading
    fusion: str,
    discard: float,
    pooling: str,
    _reading: Reading,
) -> np.ndarray:
    """Rollout of a reading, pooled: (N,), read-only; at P=2 it takes as long as the page's rest."""
    whole = rollout(_reading.attention, fusion=fusion, discard=discard)
    pooled = pooled_attention(whole, pooling=pooling, prefix=_reading.prefix)
    pooled.setflags(write=False)
    return pooled


def _erased(
    model: str, picture: Picture, patch_size: int, sets: np.ndarray, config: ViTConfig
) -> np.ndarray | Waiting | Problem:
    """Logits (n, C) of the picture with each of the sets (n, N) of patches erased."""
    size = batch_size(config.tokens(patch_size))
    parts = [sets[start : start + size] for start in range(0, len(sets), size)]

    def ask(part: np.ndarray, *, heeded: bool) -> Any:
        packed = np.packbits(part, axis=1).tobytes()
        return services.ask(
            analysis_tasks.erased,
            model,
            (picture.pixels, patch_size, packed, len(part)),
            key=(picture.key, patch_size, packed),
            patch_size=patch_size,
            what=f"Answering {len(sets)} pictures with patches erased.",
            background=True,
            heeded=heeded,
        )

    answers = in_slices([partial(ask, part) for part in parts])
    if isinstance(answers, Problem):
        return answers
    there = [answer for answer in answers if not isinstance(answer, Waiting)]
    if len(there) == len(parts):
        return np.concatenate(there)
    waiting = next(answer for answer in answers if isinstance(answer, Waiting))
    done = waiting.done if waiting.done is not None else len(there) / len(parts)
    return Waiting(waiting.what, waiting.then, done)


def _of_many(
    function: Callable[..., Any],
    model: str,
    source: str,
    patch_size: int,
    pictures: int,
    *,
    size: int,
    what: str,
    join: Callable[[list[Any]], HeadEffects | HeadNumbers],
) -> Gathered | Waiting | Problem:
    if source == "cifar10" and not gathering.cifar10().ready:
        return Problem(gathering.cifar10().sentence, "Choose sketches as the picture source.")

    def ask(start: int, count: int, *, heeded: bool) -> Any:
        asked = (source, start, count, patch_size)
        return services.ask(
            function,
            model,
            asked,
            key=asked,
            patch_size=patch_size,
            what=f"{what}: {pictures} pictures.",
            background=True,
            heeded=heeded,
        )

    starts = range(0, pictures, size)
    counts = [min(size, pictures - start) for start in starts]
    answers = in_slices([partial(ask, *both) for both in zip(starts, counts, strict=True)])
    if isinstance(answers, Problem):
        return answers
    late = [number for number, answer in enumerate(answers) if isinstance(answer, Waiting)]
    known = late[0] if late else len(answers)  # no gaps: the first pictures, whichever came
    if known == 0:
        return answers[0]
    return Gathered(answer=join(answers[:known]), done=sum(counts[:known]), of=pictures)
