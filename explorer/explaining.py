"""The analyses that explain an answer, asked for through services and cached like every reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from explorer import gathering, services, worker_analyses
from explorer.head_numbers import HeadNumbers, joined
from explorer.readings import Problem, Reading, Waiting
from explorer.state import Picture
from vitcore.config import ViTConfig
from vitcore.flops import flops
from vitcore.introspection.attention_numbers import pooled_attention
from vitcore.introspection.curves import Curves, curves, plan_curves
from vitcore.introspection.erasure import occlusion_map, probabilities, windows
from vitcore.introspection.head_effects import HeadEffects, head_effects
from vitcore.introspection.rollout import rollout
from vitcore.passes import batch_size

MAPS = ("raw", "rollout", "relevance", "occlusion")  # in this order wherever they stand in rows
_AHEAD = 8  # slices that are asked for before the page runs again
_NEWS = 5  # of these, the one after which it does
_SLICE_WORK = 24e9  # operations, some 0.2 s on two cores: other questions wait no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """Which patches the answer came from, in four opinions; each (rows, columns) float32."""

    patch_size: int
    class_index: int  # relevance and occlusion are of this class, the others of none
    raw: np.ndarray  # last block, mean over heads: where the token that answers looks; sums to 1
    rollout: np.ndarray  # the same through all blocks; sums to 1
    relevance: np.ndarray  # 0 or more
    occlusion: np.ndarray  # how far the logit falls; below 0 where it rises

    @property
    def rows(self) -> np.ndarray:
        """(4, rows, columns), in the order of MAPS."""
        return np.stack([getattr(self, name) for name in MAPS])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRanking:
    """One picture's answer without each head and without each block."""

    class_index: int  # the class that the effects are of
    effects: HeadEffects
    before: np.ndarray  # (C,) float32, probabilities of the whole model
    heads: np.ndarray  # (L, H, C) float32, without one head
    blocks: np.ndarray  # (L, C) float32, without the heads of one block


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is known by now; it is complete when done == of."""

    answer: Any  # HeadEffects or HeadNumbers, of the first pictures
    done: int  # pictures
    of: int


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
        worker_analyses.relevance,
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
    pooled = partial(pooled_attention, pooling=config.pooling, prefix=reading.prefix)
    whole = rollout(reading.attention, fusion=fusion, discard=discard)
    shape = reading.grid
    return Maps(
        patch_size=patch_size,
        class_index=class_index,
        raw=pooled(reading.attention[-1].mean(axis=0)).astype(np.float32).reshape(shape),
        rollout=pooled(whole).astype(np.float32).reshape(shape),
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
        worker_analyses.without_each,
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
        worker_analyses.without_each_of_many,
        model,
        source,
        patch_size,
        pictures,
        size=_slice_size(config, patch_size, ways),
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
        worker_analyses.numbers_of_many,
        model,
        source,
        patch_size,
        pictures,
        # Traced one by one, and measured: some four times the work of the pass alone.
        size=_slice_size(config, patch_size, 4),
        what="Measuring attention",
        join=joined,
    )


def _slice_size(config: ViTConfig, patch_size: int, passes: int) -> int:
    """Pictures in one slice, each of so many passes."""
    work = passes * sum(flops(config, patch_size).values())
    return int(min(max(_SLICE_WORK // work, 1), 20))


def _erased(
    model: str, picture: Picture, patch_size: int, sets: np.ndarray, config: ViTConfig
) -> np.ndarray | Waiting | Problem:
    """Logits (n, C) of the picture with each of the sets (n, N) of patches erased."""
    size = batch_size(config.tokens(patch_size))
    parts = [sets[start : start + size] for start in range(0, len(sets), size)]

    def ask(part: np.ndarray, *, heeded: bool) -> Any:
        packed = np.packbits(part, axis=1).tobytes()
        return services.ask(
            worker_analyses.erased,
            model,
            (picture.pixels, patch_size, packed, len(part)),
            key=(picture.key, patch_size, packed),
            patch_size=patch_size,
            what=f"Answering {len(sets)} pictures with patches erased.",
            background=True,
            heeded=heeded,
        )

    answers = _in_slices([partial(ask, part) for part in parts])
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
    answers = _in_slices([partial(ask, *both) for both in zip(starts, counts, strict=True)])
    if isinstance(answers, Problem):
        return answers
    late = [number for number, answer in enumerate(answers) if isinstance(answer, Waiting)]
    known = late[0] if late else len(answers)  # no gaps: the first pictures, whichever came
    if known == 0:
        return answers[0]
    return Gathered(answer=join(answers[:known]), done=sum(counts[:known]), of=pictures)


def _in_slices(asks: list[Callable[..., Any]]) -> list[Any] | Problem:
    """Ask for slices in order, a few at a time; the answers, or Waiting in the place of one.

    The page runs again when the one has come that is heeded, and those after it keep the worker
    busy meanwhile. The answers end where no more is asked for.
    """
    while True:
        answers: list[Any] = []
        late: list[int] = []
        for number, ask in enumerate(asks):
            answers.append(ask(heeded=False))
            if isinstance(answers[-1], Problem):
                return answers[-1]
            if isinstance(answers[-1], Waiting):
                late.append(number)
                if len(late) == _AHEAD:
                    break
        if not late:
            return answers
        heeded = late[min(_NEWS, len(late)) - 1]
        if isinstance(asks[heeded](heeded=True), Waiting):
            return answers
        # It came between the two questions: look again, or nothing would be news.
