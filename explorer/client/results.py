"""What a model answers, and what stands in its place until or instead; NumPy only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Waiting:
    """A result is on its way: what is being computed, a hint or "", and the progress."""

    what: str
    then: str
    done: float | None = None  # from 0 to 1, where it is known


@dataclass(frozen=True, slots=True)
class Problem:
    """There is no result: what happened, and what to do."""

    what: str
    then: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One forward pass over one picture, everything kept.

    Letters as in `vitcore.config.ViTConfig`; T = prefix + gh * gw.
    """

    patch_size: int
    grid: tuple[int, int]  # (gh, gw)
    prefix: int  # tokens before the patches
    picture: np.ndarray  # (gh*P, gw*P, 3) uint8, what the model saw
    embedded: np.ndarray  # (T, D) float32, tokens entering block 0, positions added
    attention: np.ndarray  # (L, H, T, T) float32, rows are queries and sum to 1
    votes: np.ndarray | None  # (N, C) float32, the head on each token; their mean is logits
    logits: np.ndarray  # (C,) float32
    probabilities: np.ndarray  # (C,) float32, sums to 1
    early: np.ndarray  # (L+1, C) float32, probabilities, stopped before block 0 .. at the end
    early_by_patch: np.ndarray  # (L+1, N, C) float32, the same from each patch alone
    norms: np.ndarray  # (L+1, T) float32, length of each token
    seconds: float  # of a warm forward pass, measured in the worker


@dataclass(frozen=True, slots=True)
class AttentionInputs:
    """The tokens of one picture as they enter the attention of each block.

    With the weights of a block everything inside its attention follows from them.
    """

    grid: tuple[int, int]  # (gh, gw)
    prefix: int  # tokens before the patches
    picture: np.ndarray  # (gh*P, gw*P, 3) uint8, what the model saw
    tokens: np.ndarray  # (L, T, D) float32, after the first layer norm of each block


class Answers:
    """The answers used last, within a number of bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self._answers: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The answer, or None."""
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key][0]

    def put(self, key: Hashable, answer: Any) -> None:
        """Keep an answer; those not used for longest make room."""
        self._size -= self._answers.pop(key, (None, 0))[1]
        self._answers[key] = answer, size_of(answer)
        self._size += self._answers[key][1]
        while self._size > self._room and len(self._answers) > 1:
            self._size -= self._answers.popitem(last=False)[1][1]


def size_of(answer: object) -> int:
    """Bytes of the arrays in an answer: a dataclass, a mapping, a sequence or an array."""
    if isinstance(answer, np.ndarray):
        return answer.nbytes
    if is_dataclass(answer):
        return sum(size_of(getattr(answer, part.name)) for part in fields(answer))
    if isinstance(answer, dict):
        return sum(map(size_of, answer.values()))
    if isinstance(answer, (list, tuple)):
        return sum(map(size_of, answer))
    return 64


def protect(answer: object) -> None:
    """Make the arrays of a shared answer read-only."""
    if isinstance(answer, np.ndarray):
        answer.setflags(write=False)
    elif is_dataclass(answer):
        for part in fields(answer):
            protect(getattr(answer, part.name))
    elif isinstance(answer, dict):
        for value in answer.values():
            protect(value)
    elif isinstance(answer, (list, tuple)):
        for value in answer:
            protect(value)
