"""The state of the lens as words of a URL, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from explorer.components.attention_lens.lens_state import LensState
from vitcore.intervention import Intervention

NAMES = ("pinned", "grid", "direction", "scale", "head", "off", "patches", "positions")
_PATCH = re.compile(r"(\d{1,2})\.(\d{1,2})-(?:x|(\d{1,2})\.(\d{1,2}))")
_SHUFFLED = re.compile(r"shuffled-(\d{1,4})")
_HEAD = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?")


def shuffled(seed: int, count: int) -> list[int]:
    """The source of each of `count` patches; changes.js draws the same from the same seed."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        seed = (1664525 * seed + 1013904223) % 2**32
        other = seed * (last + 1) >> 32
        order[last], order[other] = order[other], order[last]
    if count > 1 and order == sorted(order):
        order[0], order[1] = order[1], order[0]
    return order


def written(state: LensState, *, side: int, heads: int | None) -> dict[str, str]:
    """What a URL says of a state; nothing of what is as it is by default.

    Args:
        state: of the lens.
        side: rows and columns of the grid, in which its patches are counted.
        heads: in each block, where that is known; a whole block is then said by its number.
    """
    changes = state.changes
    words = {
        "pinned": "" if state.pinned is None else _place(state.pinned, side),
        "grid": str(side) if state.pinned is not None or changes.patches else "",
        "direction": "looked-at" if state.looked_at else "",
        "scale": "common" if state.common else "",
        "head": "" if state.head is None else f"{state.head[0] + 1}.{state.head[1] + 1}",
        "off": " ".join(_off(changes.ablated_heads, heads)),
        "patches": " ".join(_moved(changes.patches, side, state.shuffle)),
        "positions": "" if changes.use_pos_embed else "off",
    }
    return {name: word for name, word in words.items() if word}


def asked(
    query: Mapping[str, str], *, side: int, blocks: int, heads: int
) -> tuple[LensState, list[str]]:
    """The state that a URL asks for but its pin, and sentences about what is not valid.

    Args:
        query: names and values as they stand in the URL.
        side: rows and columns of the grid.
        blocks: of the model.
        heads: in each block.
    """
    sentences: list[str] = []

    def refuse(label: str, name: str, rule: str) -> None:
        sentences.append(f"{label} must be {rule} (got {shown(query[name])}).")

    def switched(name: str, word: str) -> bool:
        if name in query and query[name] != word:
            refuse(name.capitalize(), name, word)
        return query.get(name) == word

    looked_at = switched("direction", "looked-at")
    common = switched("scale", "common")
    positions = switched("positions", "off")
    chosen = read_heads(query.get("head", ""), blocks=blocks, heads=heads)
    if "head" in query and (chosen is None or len(chosen) != 1):
        refuse("Head", "head", f"block.head from 1.1 to {blocks}.{heads}")
        chosen = None
    off = read_heads(query.get("off", ""), blocks=blocks, heads=heads)
    if "off" in query and not off:
        rule = f"blocks or block.head from 1.1 to {blocks}.{heads}"
        refuse("Ablated heads", "off", rule)
    patches, seed = read_patches(query.get("patches", ""), side) or ({}, None)
    if "patches" in query and query.get("grid", str(side)) != str(side):
        patches, seed = {}, None
        refuse("Grid", "grid", f"{side} at this patch size")
    elif "patches" in query and not patches:
        rule = f"like 1.1-x (masked) or 1.1-{side}.{side}, from 1.1 to {side}.{side}"
        refuse("Patches", "patches", rule)
    changes = Intervention(
        ablated_heads=tuple(sorted(set(off or ()))), patches=patches, use_pos_embed=not positions
    )
    state = LensState(
        looked_at=looked_at,
        common=common,
        head=chosen[0] if chosen else None,
        changes=changes,
        shuffle=seed,
    )
    return state, sentences


def read_heads(text: str, *, blocks: int, heads: int) -> list[tuple[int, int]] | None:
    """Pairs (block, head) from 0 in words such as "3.2 5", or None where they cannot be read."""
    found = []
    for word in _words(text):
        match = _HEAD.fullmatch(word)
        if not match or not 1 <= int(match[1]) <= blocks:
            return None
        if match[2] is None:
            found += [(int(match[1]) - 1, head) for head in range(heads)]
        elif 1 <= int(match[2]) <= heads:
            found.append((int(match[1]) - 1, int(match[2]) - 1))
        else:
            return None
    return found


def read_patches(text: str, side: int) -> tuple[dict[int, int | None], int | None] | None:
    """Sources by target and the seed in words such as "shuffled-7 1.1-x"; None where unreadable."""
    sources: dict[int, int | None] = {}
    words, seed = _words(text), None
    if words and (match := _SHUFFLED.fullmatch(words[0])):
        seed = int(match[1])
        sources = dict(enumerate(shuffled(seed, side * side)))
        words = words[1:]
    seen = set()
    for word in words:
        match = _PATCH.fullmatch(word)
        target = _patch(match[1], match[2], side) if match else None
        erased = match is not None and match[3] is None
        source = None if erased or not match else _patch(match[3], match[4], side)
        if target is None or target in seen or (source is None and not erased):
            return None
        seen.add(target)
        sources[target] = source
    moved = {target: source for target, source in sources.items() if source != target}
    return dict(sorted(moved.items())), seed


def shown(value: str) -> str:
    """A value of the URL inside a sentence."""
    if not value:
        return "(empty)"
    return value if len(value) <= 40 else f"{value[:40]}…"


def _words(text: str) -> list[str]:
    """A space is a plus sign in a URL; who writes one by hand may prefer a comma."""
    return text.replace(",", " ").split() if text.isascii() else [text]


def _patch(row: str, column: str, side: int) -> int | None:
    if not (1 <= int(row) <= side and 1 <= int(column) <= side):
        return None
    return (int(row) - 1) * side + int(column) - 1


def _place(patch: int, side: int) -> str:
    return f"{patch // side + 1}.{patch % side + 1}"


def _off(pairs: tuple[tuple[int, int], ...], heads: int | None) -> list[str]:
    words = []
    for block, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        off = [head for _, head in group]
        whole = len(off) == heads
        words += [str(block + 1)] if whole else [f"{block + 1}.{head + 1}" for head in off]
    return words


def _moved(patches: Mapping[int, int | None], side: int, seed: int | None) -> list[str]:
    """Each change in a word, or those that a shuffle leaves to be said, where that is shorter."""

    def words(base: Mapping[int, int]) -> list[str]:
        now = {target: patches.get(target, target) for target in {*base, *patches}}
        return [
            f"{_place(target, side)}-{'x' if source is None else _place(source, side)}"
            for target, source in sorted(now.items())
            if source != base.get(target, target)
        ]

    plain = words({})
    if seed is None or not plain:
        return plain
    rest = words(dict(enumerate(shuffled(seed, side * side))))
    return [f"shuffled-{seed}", *rest] if len(rest) + 1 < len(plain) else plain
