"""Titles and sentences written from the numbers they are about."""

from dataclasses import dataclass

import numpy as np

from explorer.words.prefix_tokens import prefix_words
from vitcore.config import PATCH_SIZES

_SHARP = 0.1  # of what a patch's favourite could gain over an even spread
_SEEN = 0.1  # the same of a pattern that is worth opening with
_ITSELF = "the patch itself"
UNDECIDED = 1e-3  # spread of probabilities under which a model prefers nothing


def percent(share: float) -> str:
    """A share as text, as base.js writes it: whole, with a decimal below 10 and above 99.5 %.

    Nothing and all are said of nothing and all alone: what is near them is <0.1% or >99.9%.
    """
    if share in (0, 1) or 0.0995 <= share < 0.995 or share > 1:
        return f"{share:.0%}"
    if not 0.0005 <= share < 0.9995:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{share:.1%}"


def with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def answer_title(probabilities: np.ndarray, truth: int | None, names: tuple[str, ...]) -> str:
    """What the model answers and, where the truth is known, whether it is right.

    Args:
        probabilities: (C,), sums to 1.
        truth: index of the picture's class, or None.
        names: of the C classes.
    """
    if float(np.ptp(probabilities)) < UNDECIDED:
        return f"It prefers no class: each gets {percent(float(probabilities.mean()))}"
    top = int(probabilities.argmax())
    answer = f"It answers {names[top]}, with {percent(float(probabilities[top]))}"
    if truth is None:
        return answer
    return (
        f"{answer}, and is right"
        if top == truth
        else f"{answer}; it is {with_article(names[truth])}"
    )


def cut_title(patch_size: int, side: int) -> str:
    """What can be said before the model has answered."""
    if side == 1:
        return "The whole picture becomes one patch, and so one token"
    return f"Cut {patch_size} pixels wide, the picture becomes {side} × {side} patches"


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
    patterns = _patterns_of_tokens(rows, columns, prefix, class_token)
    shares = {words: (looking * mask).sum(axis=-1) for words, mask in patterns.items()}  # (L, H, N)
    gains = {words: _gain(shares[words], float(mask.mean())) for words, mask in patterns.items()}
    strongest = np.max([*gains.values()], axis=0)  # (L, H)
    mixing = strongest
    if _ITSELF in gains:
        mixing = np.where(strongest > gains[_ITSELF], strongest, 0.0)
    standing_out = mixing if mixing.max() >= _SEEN else strongest
    block, head = np.unravel_index(standing_out.argmax(), standing_out.shape)
    words = max(gains, key=lambda words: gains[words][block, head])
    share, even = shares[words], float(patterns[words].mean())
    best_gain = float(gains[words][block, head])
    peaks, one = looking.max(axis=-1), 1 / attention.shape[-1]  # (L, H, N): each patch's favourite
    peak_gain = np.where(_gain(peaks, one) > 4 * strongest, _gain(peaks, one), 0.0)
    if peak_gain.max() > max(_SHARP, 4 * best_gain):  # it is no pattern of these that stands out
        words, share, even = "the one place it looks at most", peaks, one
        block, head = np.unravel_index(peak_gain.argmax(), peak_gain.shape)
        best_gain = float(peak_gain.max())
    if best_gain < 0.02:
        title = "No head stands out: every patch looks nearly everywhere alike"
    else:
        title = (
            f"Averaged over patches, head {head + 1} of block {block + 1} puts "
            f"{percent(float(share[block, head].mean()))} on {words}; "
            f"an even spread, {percent(even)}"
        )
    patch = _showing(looking[block, head], share[block, head], rows, columns)
    return Striking(title=title, block=int(block), head=int(head), patch=patch)


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


def distance_title(distances: np.ndarray, even: float) -> str:
    """How far the heads of the first and of the last block look.

    Args:
        distances: (L, H) mean attention distance, pixels.
        even: the distance of an even spread, pixels.
    """
    if even == 0:
        return "With one patch there is no distance to look over"

    def reach(block: np.ndarray) -> str:
        low, high = f"{block.min():.0f}", f"{block.max():.0f}"
        return low if low == high else f"{low} to {high}"

    first = f"In block 1 the heads look {reach(distances[0])} pixels far"
    if len(distances) == 1:
        return f"{first}; an even spread, {even:.0f}"
    return f"{first}; in block {len(distances)}, {reach(distances[-1])}"


def facts(
    *,
    patch_size: int,
    side: int,
    prefix: int,
    blocks: int | None,
    heads: int | None,
    seconds: float | None,
) -> str:
    """How many tokens, and what they cost, as one line of Markdown.

    Args:
        patch_size: P.
        side: patches along one side.
        prefix: tokens before the patches.
        blocks: of the model, where it is known.
        heads: in each block, where they are known.
        seconds: of one warm forward pass, where it was measured.
    """
    count, tokens = side * side, side * side + prefix
    parts = [f"**{tokens} {'token' if tokens == 1 else 'tokens'}**"]
    formula = f"{side}²" if 32 % patch_size else f"32·32 / {patch_size}²"
    noun = "patch" if count == 1 else "patches"
    if prefix:
        parts += [f"`{formula} + {prefix} = {tokens}`", f"{prefix} of no patch"]
    else:
        parts.append(f"`{formula} = {count}` {noun}")
    if 32 % patch_size:
        parts.append(
            f"32 is not a multiple of {patch_size}, so the picture is resized to "
            f"`{side * patch_size}\u00a0×\u00a0{side * patch_size}`"
        )
    pairs = tokens * tokens
    parts.append(f"`{tokens}² = {pairs:,}` {'pair' if pairs == 1 else 'pairs'} per head")
    if blocks and heads:
        parts.append(f"{blocks} × {_counted(heads, 'head')}")
    if seconds is not None:
        milliseconds = 1e3 * seconds
        parts.append(f"computed in {milliseconds:.{0 if milliseconds >= 9.5 else 1}f}\u00a0ms")
    return f":small[{'  ·  '.join(parts)}]"


def sizes_title(sizes: tuple[int, ...]) -> str:
    """What stands above the answers at all patch sizes: at which of them the model was trained."""
    if set(PATCH_SIZES) <= set(sizes):
        return "The same weights at every patch size; they were trained at all of them"
    if not sizes:
        return "The same weights, other patch sizes"
    only = " only" if len(sizes) == 1 else ""
    named = ", ".join(map(str, sizes))
    return f"The same weights at other patch sizes; they were trained at {named}{only}"


def sizes_help(sizes: tuple[int, ...]) -> str | None:
    """Why a model holds at the patch sizes it was trained at, and falls at others."""
    if not sizes:
        return None
    if len(sizes) > 1:
        return (
            "Each training step drew one of these patch sizes at random and resized the patch "
            "embedding and the positions to it, so the blocks have met tokens of each size."
        )
    return (
        "At other sizes the patch embedding and the positions are resized, and the blocks get "
        "tokens of a kind that they never met in training."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"
