"""How the values of a link are written in it, and read: pins, heads, patches, numbers, shares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from explorer.selection import LARGEST_INDEX, Pin
from vitcore.config import CLASS_NAMES

_PATCH = re.compile(r"(\d{1,2})\.(\d{1,2})-(?:x|(\d{1,2})\.(\d{1,2}))", re.ASCII)
_SHUFFLED = re.compile(r"shuffled-(\d{1,4})", re.ASCII)
_CELL = re.compile(r"(\d)\.(\d)", re.ASCII)
_HEAD = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
IN_GRID = re.compile(r"(\d{1,2})\.(\d{1,2})(?:-of-(\d{1,2}))?", re.ASCII)
_PREFIX = re.compile(r"prefix-([1-9])")
_TOUR = re.compile(r"(\w+)(?:\.(\d{1,3}))?", re.ASCII)
_NUMBERS = re.compile(r"(\w+)-(\d)\.(\d)_(\S+)", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d+)?(?:e-\d{1,3})?", re.ASCII)

# The small example of Self-attention, as example.js has it.
LARGEST_NUMBER = 100
LONGEST_EXAMPLE = 2000  # characters; all numbers with two digits each are less
MATRICES = {
    "X": (6, 5),
    "Y": (3, 5),
    **{f"{name}{head}": (5, 3) for head in range(1, 5) for name in ("WQ", "WK", "WV")},
    **dict.fromkeys(("WS", "W1", "W2"), (3, 3)),
    "v": (1, 3),
}
Edit = tuple[str, int, int, float]  # a matrix, row and column from 1, the number there


def pin_word(pin: Pin) -> str:
    """A pin as the URL says it: "3.7-of-8" is row 3, column 7 of 8; "prefix-1" the first token."""
    if pin.token < 0:
        return f"prefix-{-pin.token}"
    return f"{_place(pin.token, pin.side)}-of-{pin.side}"


def read_pin(word: str, side: int) -> Pin | None:
    """What a word pins; where it does not say of how many, in a grid of `side` rows."""
    if match := _PREFIX.fullmatch(word):
        return Pin(-int(match[1]), side)
    match = IN_GRID.fullmatch(word)
    side = int(match[3] or side) if match else 0
    patch = _patch(match[1], match[2], side) if match else None
    return None if patch is None or side > 64 else Pin(patch, side)


def shuffled(seed: int, count: int) -> list[int]:
    """The source of each of `count` patches; intervention.js draws the same from the same seed."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        seed = (1664525 * seed + 1013904223) % 2**32
        other = seed * (last + 1) >> 32
        order[last], order[other] = order[other], order[last]
    if count > 1 and order == sorted(order):
        order[0], order[1] = order[1], order[0]
    return order


def read_heads(word: str, *, blocks: int, heads: int) -> list[tuple[int, int]] | None:
    """Pairs (block, head) from 0 in words such as "3.2 5", or None where they cannot be read."""
    found = []
    for part in _parts(word):
        match = _HEAD.fullmatch(part)
        if not match or not 1 <= int(match[1]) <= blocks:
            return None
        if match[2] is None:
            found += [(int(match[1]) - 1, head) for head in range(heads)]
        elif 1 <= int(match[2]) <= heads:
            found.append((int(match[1]) - 1, int(match[2]) - 1))
        else:
            return None
    return found


def read_patches(word: str, side: int) -> tuple[dict[int, int | None], int | None] | None:
    """Sources by target and the seed in words such as "shuffled-7 1.1-x"; None where unreadable."""
    sources: dict[int, int | None] = {}
    parts, seed = _parts(word), None
    if parts and (match := _SHUFFLED.fullmatch(parts[0])):
        seed = int(match[1])
        sources = dict(enumerate(shuffled(seed, side * side)))
        parts = parts[1:]
    seen = set()
    for part in parts:
        match = _PATCH.fullmatch(part)
        target = _patch(match[1], match[2], side) if match else None
        masked = match is not None and match[3] is None
        source = None if masked or not match else _patch(match[3], match[4], side)
        if target is None or target in seen or (source is None and not masked):
            return None
        seen.add(target)
        sources[target] = source
    moved = {target: source for target, source in sources.items() if source != target}
    return dict(sorted(moved.items())), seed


def _parts(word: str) -> list[str]:
    """A space is a plus sign in a URL; who writes one by hand may prefer a comma."""
    return word.replace(",", " ").split() if word.isascii() else [word]


def _patch(row: str, column: str, side: int) -> int | None:
    if not (1 <= int(row) <= side and 1 <= int(column) <= side):
        return None
    return (int(row) - 1) * side + int(column) - 1


def _place(patch: int, side: int) -> str:
    return f"{patch // side + 1}.{patch % side + 1}"


def head_words(pairs: Sequence[tuple[int, int]], heads: int) -> list[str]:
    """Pairs (block, head) from 0 as words; a block alone where none of its heads is left."""
    words = []
    for block, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        off = [head for _, head in group]
        whole = len(off) == heads
        words += [str(block + 1)] if whole else [f"{block + 1}.{head + 1}" for head in off]
    return words


def patch_words(patches: Mapping[int, int | None], seed: int | None, side: int) -> list[str]:
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


def example_word(edits: Sequence[Edit]) -> str:
    """Edited numbers: "X-1.4_5_6" are two in row 1 of X from column 4; WQ2 is W_Q of head 2.

    Raises:
        KeyError: for a matrix that there is not.
        TypeError, ValueError: for what is no edit.
    """
    order = list(MATRICES)
    placed = sorted(
        (order.index(name), (row - 1) * MATRICES[name][1] + column - 1, _number_word(value))
        for name, row, column, value in edits
    )
    words = []
    for _, run in groupby(enumerate(placed), key=lambda one: (one[1][0], one[1][1] - one[0])):
        (_, (matrix, at, _)), *_ = found = list(run)
        row, column = divmod(at, MATRICES[order[matrix]][1])
        numbers = "_".join(number for _, (_, _, number) in found)
        words.append(f"{order[matrix]}-{row + 1}.{column + 1}_{numbers}")
    return " ".join(words)


def read_example(word: str) -> list[Edit] | None:
    """The edits in such a word, or None where it cannot be read or is too long."""
    found: dict[tuple[str, int], float] = {}
    if len(word) > LONGEST_EXAMPLE:
        return None
    for part in _parts(word):
        match = _NUMBERS.fullmatch(part)
        rows, columns = MATRICES.get(match[1], (0, 0)) if match else (0, 0)
        if not match or not (1 <= int(match[2]) <= rows and 1 <= int(match[3]) <= columns):
            return None
        first = (int(match[2]) - 1) * columns + int(match[3]) - 1
        for at, number in enumerate(match[4].split("_"), first):
            valid = _NUMBER.fullmatch(number) and abs(float(number)) <= LARGEST_NUMBER
            if not valid or at >= rows * columns or (match[1], at) in found:
                return None
            found[match[1], at] = float(number)
    placed = {one: divmod(one[1], MATRICES[one[0]][1]) for one in found}
    return [(one[0], i + 1, j + 1, found[one]) for one, (i, j) in placed.items()] or None


def _number_word(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def mask_word(mask: str | Sequence[tuple[int, int]]) -> str:
    """A mask: its name, or each masked key of a query, both from 1: "1.2 1.3"; else "custom"."""
    if isinstance(mask, str):
        return mask
    return " ".join(f"{query}.{key}" for query, key in mask) or "custom"


def read_mask(
    word: str, *, queries: int, keys: int, causal: bool
) -> str | list[tuple[int, int]] | None:
    """Such a mask; None where it cannot be read, or leaves a query without a key.

    Args:
        word: of the URL.
        queries, keys: how many there are.
        causal: whether there may be a causal mask.
    """
    if word == "causal":
        return word if causal else None
    if word == "custom":
        return []
    matches = [_CELL.fullmatch(part) for part in _parts(word)]
    cells = [(int(match[1]), int(match[2])) for match in matches if match]
    there = all(1 <= query <= queries and 1 <= key <= keys for query, key in cells)
    if not cells or len({*cells}) < len(matches) or not there:
        return None
    masked = [sum(one == query for one, _ in cells) for query in range(1, queries + 1)]
    return sorted(cells) if max(masked) < keys else None


def is_short(word: str) -> bool:
    """Whether a word is a whole number of at most four digits."""
    return word.isascii() and word.isdigit() and len(word) < 5


def is_index(word: str) -> bool:
    """Whether a word is the index of an image."""
    return is_short(word) and int(word) <= LARGEST_INDEX


def read_cell(word: str) -> tuple[int, int] | None:
    """True and predicted class, each by its number."""
    classes = word.split("-")
    if len(classes) != 2 or not {*classes} <= {*CLASS_NAMES}:
        return None
    return CLASS_NAMES.index(classes[0]), CLASS_NAMES.index(classes[1])


def read_tour(word: str) -> tuple[str, int] | None:
    """The tour and its step, from 1, in words such as "vit.7"."""
    match = _TOUR.fullmatch(word)
    return (match[1], int(match[2] or 1)) if match else None


def read_share(word: str) -> float | None:
    """A discard ratio, 0 to 0.9."""
    try:
        return float(word) if word.isascii() and 0 <= float(word) <= 0.9 else None
    except ValueError:
        return None
