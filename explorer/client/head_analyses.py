"""What heads do, asked for through the client and cached like every reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer import client
from explorer.client.analysis_results import Gathered, HeadRanking
from explorer.client.head_metrics import HeadNumbers, head_numbers, joined
from explorer.client.partial_results import in_parts, name_of
from explorer.client.results import Problem, Reading, Waiting, protect
from explorer.client.tasks import analysis_tasks
from explorer.client.tasks.chunking import slice_size
from explorer.data import cifar10_setup
from explorer.state import Picture
from vitcore.inference_batches import batch_size
from vitcore.interpret.head_ablation import HeadEffects, head_effects
from vitcore.intervention import Intervention
from vitcore.probabilities import probabilities


def numbers(
    model: str, picture: Picture, patch_size: int, *, intervention: Intervention | None = None
) -> HeadNumbers | Waiting | Problem:
    """Heads in numbers over this picture, with the object where it is known.

    Args:
        model: one of `client.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        intervention: what to change in the pass; with patches moved the object is not known.
    """
    config = client.config(model)
    if isinstance(config, Problem):
        return config
    changed = intervention is not None and intervention != Intervention()
    how = {"intervention": intervention, "slot": "lens"} if changed else {}
    reading = client.reading(model, picture, patch_size, **how)
    if not isinstance(reading, Reading):
        return reading
    mask = None if changed and intervention.patches else picture.mask
    name = *name_of(model, picture, reading), mask is None, repr(intervention) if changed else ""
    return _numbers(name, config.pooling, config.image_size, reading, mask)


def head_ranking(
    model: str, picture: Picture, patch_size: int, class_index: int | None = None
) -> HeadRanking | Waiting | Problem:
    """What each head does to this picture's answer.

    Args:
        model: one of `client.model_names()`.
        picture: the chosen picture.
        patch_size: P.
        class_index: the class asked about; default the model's own answer.
    """
    config = client.config(model)
    if isinstance(config, Problem):
        return config
    ways = 1 + config.depth * config.num_heads + config.depth
    size = batch_size(config.tokens(patch_size))

    def ask(start: int, *, heeded: bool) -> Any:
        asked = (patch_size, start, min(size, ways - start))
        return client.ask(
            analysis_tasks.without_some,
            model,
            (picture.pixels, *asked),
            key=(picture.key, *asked),
            patch_size=patch_size,
            what="Ablating each head…",
            background=True,
            heeded=heeded,
        )

    parts = in_parts([partial(ask, start) for start in range(0, ways, size)])
    if isinstance(parts, Problem):
        return parts
    there, awaited = parts
    if awaited is not None:
        return awaited
    logits = np.concatenate(there)[None]  # (1, V, C)
    blocks, heads = config.depth, config.num_heads
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
        model: one of `client.model_names()`.
        source: "cifar10" or "sketch10".
        patch_size: P.
        pictures: how many, in the order of the data.
    """
    config = client.config(model)
    if isinstance(config, Problem):
        return config

    def effects(parts: list[tuple[np.ndarray, np.ndarray]]) -> HeadEffects:
        logits, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return head_effects(logits, classes, blocks=config.depth, heads=config.num_heads)

    ways = 1 + config.depth * config.num_heads + config.depth
    return _of_many(
        analysis_tasks.without_each_of_many,
        model,
        source,
        patch_size,
        pictures,
        size=slice_size(config, patch_size, ways),
        what=f"Ablating each head on {pictures} images…",
        join=effects,
    )


def numbers_many(
    model: str, source: str, patch_size: int, *, pictures: int = 100
) -> Gathered | Waiting | Problem:
    """Heads in numbers (`HeadNumbers`) over the first test pictures, as far as known by now.

    Args: see `head_ranking_many`.
    """
    config = client.config(model)
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
        what=f"Computing head metrics on {pictures} images…",
        join=joined,
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _numbers(
    name: tuple,  # noqa: ARG001 - of the reading, and whether there is a mask
    pooling: str,
    image_size: int,
    _reading: Reading,
    _mask: np.ndarray | None,
) -> HeadNumbers:
    found = head_numbers(
        _reading.attention,
        _reading.grid,
        image_size=(image_size, image_size),
        prefix=_reading.prefix,
        pooling=pooling,
        mask=_mask,
    )
    protect(found)
    return found


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
    if source == "cifar10" and not cifar10_setup.cifar10().ready:
        return Problem(cifar10_setup.cifar10().sentence, "Select sketch10 as the image source.")

    def ask(start: int, count: int, *, heeded: bool) -> Any:
        asked = (source, start, count, patch_size)
        return client.ask(
            function,
            model,
            asked,
            key=asked,
            patch_size=patch_size,
            what=what,
            background=True,
            heeded=heeded,
        )

    starts = range(0, pictures, size)
    counts = [min(size, pictures - start) for start in starts]
    parts = in_parts([partial(ask, *both) for both in zip(starts, counts, strict=True)])
    if isinstance(parts, Problem):
        return parts
    there, awaited = parts
    known = next((n for n, answer in enumerate(there) if answer is None), len(there))
    if known == 0:  # no gaps: the first pictures, whichever came
        return awaited
    return Gathered(answer=join(there[:known]), done=sum(counts[:known]), of=pictures)
