"""What a view shows first, where it continues what was seen elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitcore.intervention import Intervention

_MASKED = -1  # in place of the source of a patch, as in drawing.js


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialView:
    """Selections, and the intervention that the attention and the image are from.

    Ablated heads are crossed out and left out of mean and rollout, masked patches are hatched.
    """

    head: tuple[int, int]  # block and head of the large map, from 0
    patch: int  # the query or key, in raster order
    pinned: bool = False
    to_key: bool = False  # queries that attend to the patch, in place of keys that it attends to
    shared_scale: bool = False
    intervention: Intervention = Intervention()
    note: str = ""  # what the intervention is, in place of the finding

    def header(self, patches: int) -> dict[str, Any]:
        """As view.js reads it.

        Args:
            patches: N.
        """
        block, head = self.head
        changed = self.intervention.patches
        masked = [p for p in range(patches) if changed.get(p, p) is None]
        return {
            "start": {
                "block": block,
                "head": head,
                "patch": self.patch,
                "pinned": self.pinned,
                "direction": "to" if self.to_key else "from",
                "scale": "common" if self.shared_scale else "each",
            },
            "note": self.note,
            "ablated": [list(pair) for pair in sorted(self.intervention.ablated_heads)],
            "sources": [_MASKED if p in masked else p for p in range(patches)] if masked else [],
        }
