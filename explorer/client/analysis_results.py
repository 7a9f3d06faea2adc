"""What explains an answer, as pages get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.client.results import Waiting
from vitcore.interpret.deletion_insertion import Curves
from vitcore.interpret.head_ablation import HeadEffects

MAPS = ("raw", "rollout", "relevance", "occlusion")  # in this order wherever they stand in rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """Which patches the answer came from, in four opinions; each (rows, columns) float32."""

    patch_size: int
    class_index: int  # relevance and occlusion are of this class, the others of none
    raw: np.ndarray  # last block, mean over heads: where the token that answers looks; sums to 1
    rollout: np.ndarray  # the same through all blocks; sums to 1
    relevance: np.ndarray | None  # 0 or more; None while it is computed
    occlusion: np.ndarray | None  # how far the logit falls; below 0 where it rises
    awaited: Waiting | None = None  # what is still computed

    @property
    def complete(self) -> bool:
        return self.awaited is None

    @property
    def rows(self) -> np.ndarray:
        """(4, rows, columns), in the order of MAPS; of maps that are all there."""
        return np.stack([getattr(self, name) for name in MAPS])


@dataclass(frozen=True, slots=True)
class Judged:
    """Maps tested by erasing; an order that is not known yet has NaN in its curves and areas."""

    curves: Curves
    awaited: Waiting | None = None  # what is still computed


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
