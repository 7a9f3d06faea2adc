"""All that a person can have set in the lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitcore.intervention import Intervention


@dataclass(frozen=True, slots=True, kw_only=True)
class LensState:
    """How maps are shown, and what is changed in the pass."""

    looked_at: bool = False  # who looks at the patch, not where it looks
    common: bool = False  # one colour scale for all maps
    head: tuple[int, int] | None = None  # block and head shown large, where one was chosen
    changes: Intervention = Intervention()
    shuffle: int | None = None  # seed of the last "shuffle all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the window is told once: it keeps what Python does not know."""

    mark: str  # new for each link that is followed
    state: LensState

    def header(self) -> dict[str, Any]:
        return {
            "id": self.mark,
            "direction": "to" if self.state.looked_at else "from",
            "scale": "common" if self.state.common else "each",
            "head": None if self.state.head is None else list(self.state.head),
        }
