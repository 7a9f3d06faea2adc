"""The head whose attention stands out, and what it does, in words."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from explorer.words.findings import percent
from explorer.words.prefix_tokens import prefix_words

_SHARP = 0.1  # of what a patch's favourite could gain over an even spread
_SEEN = 0.1  # the same of a pattern that is worth opening with
_NOTHING = 0.02  # the same of what is not worth a word
_ITSELF = "the patch itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Striking:
    """A pattern of attention that stands out, and where it shows."""

    title: str
    block: int
    head: int
    patch: int  # a patch that shows it well


def striking(
    attention: np.ndarray,
    grid: tuple[int, int],
    *,
    prefix: int = 0,
    class_token: bool = True,
) -> Striking:
    """The head furthest from an even spread, in words that do not hold trivially.

    Itself, the rest of the row, the rest of the column and the neighbours are tested apart: a head
    that looks at the patch itself would otherwise also be said to look along its row. Where there
    are prefix tokens, what goes to them is a pattern too. A head where patches look at themselves
    mixes nothing: it stands out only where no other does.

    Args:
        attention: (L, H, T, T), rows are queries and sum to 1.
        grid: (rows, columns) of patches; T = prefix + rows * columns.
        prefix: tokens before the patches.
        class_token: whether the first of these is the class token.

    Raises:
        ValueError: if T is not prefix + rows * columns.
    """
    rows, columns = grid
    count = rows * columns
    if attention.shape[-1] != prefix + count:
        raise ValueError(
            f"attention must have prefix + rows * columns tokens, got {attention.shape[-1]} "
            f"and {prefix + count}"
        )
    if count == 1 and not prefix:
        title = "There is one token only, so all attention stays on itself"
        return Striking(title=title, block=0, head=0, patch=0)
    looking = attention[:, :, prefix:, :]  # (L, H, N, T): the patches' own rows
    found = _most(looking, _patterns_of_tokens(rows, columns, prefix, class_token))
    if found.gain < _NOTHING:
        title = "No head stands out: every patch looks nearly everywhere alike"
    else:
        title = (
            f"Averaged over patches, head {found.head + 1} of block {found.block + 1} puts "
            f"{percent(float(found.share.mean()))} on {found.words}; "
            f"an even spread, {percent(found.even)}"
        )
    patch = _showing(looking[found.block, found.head], found.share, rows, columns)
    return Striking(title=title, block=found.block, head=found.head, patch=patch)


class _Found(NamedTuple):
    """What one head does more than an even spread would."""

    words: str
    block: int
    head: int
    share: np.ndarray  # (N,), of each patch's attention
    even: float  # of an even spread
    gain: float  # of what could be gained over it


def _most(looking: np.ndarray, patterns: dict[str, np.ndarray]) -> _Found:
    """The pattern that stands out most, or a favourite place where that is no pattern at all.

    Args:
        looking: (L, H, N, T), of patches at all tokens.
        patterns: which tokens count, (N, T) or (T,) bool by words.
    """
    shares = {words: (looking * mask).sum(axis=-1) for words, mask in patterns.items()}  # (L, H, N)
    evens = {words: float(mask.mean()) for words, mask in patterns.items()}
    gains = {words: _gain(share, evens[words]) for words, share in shares.items()}  # (L, H)
    strongest = np.max([*gains.values()], axis=0)
    mixing = strongest
    if _ITSELF in gains:
        mixing = np.where(strongest > gains[_ITSELF], strongest, 0.0)
    block, head = _place(mixing if mixing.max() >= _SEEN else strongest)
    words = max(gains, key=lambda words: gains[words][block, head])
    gain = float(gains[words][block, head])

    peaks, one = looking.max(axis=-1), 1 / looking.shape[-1]  # (L, H, N): each patch's favourite
    peak_gain = np.where(_gain(peaks, one) > 4 * strongest, _gain(peaks, one), 0.0)
    if peak_gain.max() > max(_SHARP, 4 * gain):
        block, head = _place(peak_gain)
        favourite, gain = "the one place it looks at most", float(peak_gain.max())
        return _Found(favourite, block, head, peaks[block, head], one, gain)
    return _Found(words, block, head, shares[words][block, head], evens[words], gain)


def _place(gains: np.ndarray) -> tuple[int, int]:
    """Block and head of the largest, (L, H)."""
    block, head = np.unravel_index(gains.argmax(), gains.shape)
    return int(block), int(head)


def _gain(share: np.ndarray, even: float) -> np.ndarray:
    """How much of what could be gained over an even spread is: (L, H) of shares (L, H, N)."""
    return (share.mean(axis=-1) - even) / (1 - even)


def _patterns_of_tokens(
    rows: int, columns: int, prefix: int, class_token: bool
) -> dict[str, np.ndarray]:
    """Which tokens count for each pattern that a spread can miss: (N, T) or (T,) bool by words."""
    nothing = np.zeros((rows * columns, prefix), bool)
    patterns = {words: np.hstack([nothing, m]) for words, m in _patterns(rows, columns).items()}
    if prefix:
        words = prefix_words(prefix, class_token=class_token)
        patterns[words] = np.arange(prefix + rows * columns) < prefix
    return {words: mask for words, mask in patterns.items() if 0 < mask.mean() < 1}


def _patterns(rows: int, columns: int) -> dict[str, np.ndarray]:
    """Which patches count for each pattern: (N, N) bool by words."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    same_row = row[:, None] == row
    same_column = column[:, None] == column
    reach = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
    return {
        "the rest of its row": same_row & ~same_column,
        "the rest of its column": same_column & ~same_row,
        _ITSELF: reach == 0,
        "the patches around it": reach == 1,
    }


def _showing(looking: np.ndarray, share: np.ndarray, rows: int, columns: int) -> int:
    """A patch that shows a pattern, preferably an inner one and not as a single bright square."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    spread = -(looking * np.log(looking + 1e-12)).sum(axis=-1) + 1e-6
    inner = np.ones(rows * columns, bool)
    if rows >= 3:
        inner &= (row > 0) & (row < rows - 1)
    if columns >= 3:
        inner &= (column > 0) & (column < columns - 1)
    return int(np.where(inner, share * spread, -1.0).argmax())
