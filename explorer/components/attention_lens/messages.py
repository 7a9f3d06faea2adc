"""What is believed of what the lens sends back."""

from __future__ import annotations

from typing import Any

from explorer.components.attention_lens.lens_state import LensState
from explorer.components.attention_lens.payload import ERASED
from vitcore.intervention import Intervention

LARGEST_SEED = 9999  # of a shuffle: what a person can still read out


def sent_changes(
    result: object, *, of: str, blocks: int, heads: int, patches: int
) -> Intervention | None:
    """The changes that JavaScript sent, or None where they cannot be believed.

    Args:
        result: what the component returned or holds.
        of: what the changes must belong to; those made on another image come too late.
        blocks: of the model.
        heads: in each block.
        patches: in the grid.
    """
    sent = getattr(result, "changes", None)
    if not isinstance(sent, dict) or sent.get("of") != of:
        return None
    off = _pairs(sent.get("heads"), (range(blocks), range(heads)))
    moved = _pairs(sent.get("patches"), (range(patches), range(ERASED, patches)))
    positions = sent.get("positions")
    if off is None or moved is None or not isinstance(positions, bool):
        return None
    sources = {target: None if source == ERASED else source for target, source in moved}
    if len(sources) < len(moved):
        return None
    return Intervention(
        ablated_heads=tuple(sorted(set(off))),
        patches=dict(sorted(sources.items())),
        use_pos_embed=positions,
    )


def sent_seed(result: object) -> int | None:
    """The seed of the shuffle that the sent changes begin with, where they do."""
    sent = getattr(result, "changes", None)
    seed = sent.get("seed") if isinstance(sent, dict) else None
    return seed if _is_whole(seed) and 0 <= seed <= LARGEST_SEED else None


def sent_view(result: object, *, blocks: int, heads: int) -> LensState | None:
    """Direction, scale and the map shown large, or None where they cannot be believed."""
    sent = getattr(result, "view", None)
    if not isinstance(sent, dict):
        return None
    direction, scale, head = (sent.get(name) for name in ("direction", "scale", "head"))
    chosen = [] if head is None else _pairs([head], (range(blocks), range(heads)))
    if direction not in ("from", "to") or scale not in ("each", "common") or chosen is None:
        return None
    return LensState(
        looked_at=direction == "to",
        common=scale == "common",
        head=chosen[0] if chosen else None,
    )


def _pairs(sent: Any, allowed: tuple[range, range]) -> list[tuple[int, int]] | None:
    """Pairs of whole numbers, each within its range and no more than there can be."""
    if not isinstance(sent, (list, tuple)) or len(sent) > len(allowed[0]) * len(allowed[1]):
        return None
    pairs = []
    for pair in sent:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            return None
        if not all(_is_whole(n) and n in within for n, within in zip(pair, allowed, strict=True)):
            return None
        pairs.append(tuple(pair))
    return pairs


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
