"""The Attention page's title: about the head that the lens shows large, as it shows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.words.findings import UNDECIDED, percent
from explorer.words.prefix_tokens import prefix_words
from vitcore.intervention import Intervention
from vitcore.introspection.selective_head import SelectiveHead, selective_head

_KEYS = {
    "self": "the patch itself",
    "row": "the rest of its row",
    "column": "the rest of its column",
    "neighbors": "the patches around it",
    "peak": "the one place it looks at most",
}


def pattern(found: SelectiveHead, *, prefix: int = 0, class_token: bool = True) -> str:
    """What the most selective head of all does.

    Args:
        found: of the unchanged pass.
        prefix: tokens before the patches.
        class_token: whether the first of these is the class token.
    """
    if found.kind == "uniform":
        return "No head stands out: every patch looks nearly everywhere alike"
    return _pattern(found, f"head {found.head + 1} of block {found.block + 1}", prefix, class_token)


def _pattern(found: SelectiveHead, name: str, prefix: int, class_token: bool) -> str:
    if found.kind == "single":
        return "There is one token only, so all attention stays on itself"
    if found.kind == "uniform":
        return f"{name[0].upper()}{name[1:]} looks nearly everywhere alike"
    keys = _KEYS.get(found.kind) or prefix_words(prefix, class_token=class_token)
    share, even = percent(found.share), percent(found.uniform)
    return f"On average {name} puts {share} on {keys}; an even spread, {even}"


def lens_title(
    found: SelectiveHead,
    attention: np.ndarray,
    grid: tuple[int, int],
    *,
    prefix: int = 0,
    class_token: bool = True,
    head: tuple[int, int] | None = None,
    changes: Intervention | None = None,
) -> str:
    """What the title says of what is shown.

    Args:
        found: the head that stands out in the unchanged pass.
        attention: (L, H, T, T) of the pass that is shown, rows are queries and sum to 1.
        grid: (rows, columns) of patches; T = prefix + rows * columns.
        prefix: tokens before the patches.
        class_token: whether the first of these is the class token.
        head: the block and head that a person has chosen; by default that of `found`.
        changes: what was changed in the pass.
    """
    changes = changes or Intervention()
    if head is None and changes == Intervention():
        return pattern(found, prefix=prefix, class_token=class_token)
    block, number = head or (found.block, found.head)
    if not (block < attention.shape[0] and number < attention.shape[1]):
        block, number = found.block, found.head
    name = f"head {number + 1} of block {block + 1}"
    if (block, number) in changes.heads_off:
        return _switched_off(f"H{name[1:]}", block, attention.shape[:2], changes)
    alone = selective_head(attention[block : block + 1, number : number + 1], grid, prefix=prefix)
    said = _pattern(alone, name, prefix, class_token)
    if changes == Intervention() or alone.kind == "single":
        return said
    return f"As changed: {said[0].lower()}{said[1:]}"


def changed_answer(
    before: np.ndarray, now: np.ndarray, changes: Intervention, names: Sequence[str]
) -> str:
    """That what was changed changes the answer, and to what; "" where it is the same.

    Args:
        before: (C,) probabilities of the unchanged pass.
        now: (C,) of the changed one.
        changes: what was changed.
        names: of the C classes.
    """
    was, answers = _answer(before), _answer(now)
    if was == answers:
        return ""
    said = "no class" if was is None else f"{names[was]}, {percent(float(before[was]))}"
    if answers is None:
        return f"{_cause(changes)} it prefers no class; before: {said}"
    share = percent(float(now[answers]))
    return f"{_cause(changes)} it answers {names[answers]}, with {share}; before: {said}"


def _answer(probabilities: np.ndarray) -> int | None:
    """The class that is preferred, or None where none is."""
    return int(probabilities.argmax()) if float(np.ptp(probabilities)) >= UNDECIDED else None


def _cause(changes: Intervention) -> str:
    """What was changed, as the beginning of a sentence."""
    heads, patches, positions = changes.heads_off, changes.patches, not changes.positions
    if sum(map(bool, (heads, patches, positions))) > 1:
        return "With these changes"
    if positions:
        return "Without positions"
    if patches:
        return "With this patch changed" if len(patches) == 1 else "With these patches changed"
    if len(heads) == 1:
        block, head = heads[0]
        return f"Without head {head + 1} of block {block + 1}"
    return f"Without these {len(heads)} heads"


def _switched_off(name: str, block: int, shape: tuple[int, int], changes: Intervention) -> str:
    """What is off: this head, or all of its block, or all there are."""
    blocks, heads = shape
    off = set(changes.heads_off)
    if len(off) == blocks * heads:
        return "All heads are switched off: no token sees another"
    after = "the blocks after it do" if block + 1 < blocks else "the answer does"
    if heads > 1 and all((block, head) in off for head in range(heads)):
        return f"All heads of block {block + 1} are switched off: {after} without them"
    return f"{name} is switched off: {after} without it"
