"""The most selective head: the one furthest from uniform attention, and the pattern it shows."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

Kind = Literal["self", "row", "column", "neighbors", "prefix", "peak", "none", "uniform", "single"]

_SHARP = 0.1  # of what a strongest key could gain over uniform attention
_SEEN = 0.1  # the same of a pattern that is worth opening with
_NOTHING = 0.02  # the same of what is no pattern
_NEARLY = 2  # times 1/T: the mean maximum below which a head is nearly uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveHead:
    """A pattern of attention, where it shows, and how much of it there is.

    Attributes:
        kind: the keys that get the attention of a query patch: itself, the rest of its row or
            column, its 8 neighbors, the prefix tokens, or one key that differs in no pattern
            ("peak"); "none" where no head has a pattern, "uniform" where all are nearly uniform as
            well, "single" where there is one token.
        block: counted from 0.
        head: likewise.
        patch: a query that shows it well.
        share: of the attention, averaged over query patches.
        uniform: the same of uniform attention.
    """

    kind: Kind
    block: int
    head: int
    patch: int
    share: float
    uniform: float


def selective_head(
    attention: np.ndarray, grid: tuple[int, int], *, num_prefix_tokens: int = 0
) -> SelectiveHead:
    """The head furthest from uniform attention, by a pattern that does not hold trivially.

    Itself, the rest of the row, the rest of the column and the neighbors are tested apart: a head
    that attends to the query itself would otherwise also be said to attend along its row. Where
    there are prefix tokens, what goes to them is a pattern too. A head in which patches attend to
    themselves or to prefix tokens mixes no patches, and its map of them is empty: it counts only
    where no other has a pattern.

    Args:
        attention: (L, H, T, T), rows are queries and sum to 1.
        grid: (rows, columns) of patches; T = num_prefix_tokens + rows * columns.
        num_prefix_tokens: tokens before the patches.

    Raises:
        ValueError: if T is not num_prefix_tokens + rows * columns.
    """
    rows, columns = grid
    count = rows * columns
    if attention.shape[-1] != num_prefix_tokens + count:
        raise ValueError(
            "attention must have num_prefix_tokens + rows * columns tokens, "
            f"got {attention.shape[-1]} "
            f"and {num_prefix_tokens + count}"
        )
    if count == 1 and not num_prefix_tokens:
        return SelectiveHead(kind="single", block=0, head=0, patch=0, share=1.0, uniform=1.0)
    queries = attention[:, :, num_prefix_tokens:, :]  # (L, H, N, T): the patches' own rows
    found = _most(queries, _patterns(rows, columns, num_prefix_tokens))
    kind = found.kind
    if found.gain < _NOTHING:
        maxima = queries.max(axis=-1).mean(axis=-1)  # (L, H)
        kind = "uniform" if maxima.max() < _NEARLY / attention.shape[-1] else "none"
    return SelectiveHead(
        kind=kind,
        block=found.block,
        head=found.head,
        patch=_showing(queries[found.block, found.head], found.share, rows, columns),
        share=float(found.share.mean()),
        uniform=found.uniform,
    )


class _Found(NamedTuple):
    """What one head does more than uniform attention would."""

    kind: Kind
    block: int
    head: int
    share: np.ndarray  # (N,), of each query's attention
    uniform: float
    gain: float  # of what could be gained over it


def _most(queries: np.ndarray, patterns: dict[Kind, np.ndarray]) -> _Found:
    """The clearest pattern, or a strongest key where that is in no pattern at all.

    Args:
        queries: (L, H, N, T), of patches to all tokens.
        patterns: which keys count, (N, T) or (T,) bool.
    """
    shares = {kind: (queries * mask).sum(axis=-1) for kind, mask in patterns.items()}  # (L, H, N)
    uniforms = {kind: float(mask.mean()) for kind, mask in patterns.items()}
    gains = {kind: _gain(share, uniforms[kind]) for kind, share in shares.items()}  # (L, H)
    strongest = np.max([*gains.values()], axis=0)
    empty = [gains[kind] for kind in ("self", "prefix") if kind in gains]
    mixing = np.where(strongest > np.max(empty, axis=0), strongest, 0.0)
    block, head = _place(mixing if mixing.max() >= _SEEN else strongest)
    kind = max(gains, key=lambda kind: gains[kind][block, head])
    gain = float(gains[kind][block, head])

    peaks, one = queries.max(axis=-1), 1 / queries.shape[-1]  # (L, H, N): of each query
    peak_gain = np.where(_gain(peaks, one) > 4 * strongest, _gain(peaks, one), 0.0)
    if peak_gain.max() > max(_SHARP, 4 * gain):
        block, head = _place(peak_gain)
        return _Found("peak", block, head, peaks[block, head], one, float(peak_gain.max()))
    return _Found(kind, block, head, shares[kind][block, head], uniforms[kind], gain)


def _place(gains: np.ndarray) -> tuple[int, int]:
    """Block and head of the largest, (L, H)."""
    block, head = np.unravel_index(gains.argmax(), gains.shape)
    return int(block), int(head)


def _gain(share: np.ndarray, uniform: float) -> np.ndarray:
    """How much of what could be gained over uniform is gained: (L, H) of shares (L, H, N)."""
    return (share.mean(axis=-1) - uniform) / (1 - uniform)


def _patterns(rows: int, columns: int, num_prefix_tokens: int) -> dict[Kind, np.ndarray]:
    """Which keys count for each pattern that attention can miss: (N, T) or (T,) bool."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    same_row = row[:, None] == row
    same_column = column[:, None] == column
    reach = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
    among: dict[Kind, np.ndarray] = {
        "row": same_row & ~same_column,
        "column": same_column & ~same_row,
        "self": reach == 0,
        "neighbors": reach == 1,
    }
    none = np.zeros((rows * columns, num_prefix_tokens), bool)
    patterns: dict[Kind, np.ndarray] = {k: np.hstack([none, m]) for k, m in among.items()}
    patterns["prefix"] = np.arange(num_prefix_tokens + rows * columns) < num_prefix_tokens
    return {kind: mask for kind, mask in patterns.items() if 0 < mask.mean() < 1}


def _showing(queries: np.ndarray, share: np.ndarray, rows: int, columns: int) -> int:
    """A patch that shows a pattern, preferably an inner one and not as a single bright square."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    spread = -(queries * np.log(queries + 1e-12)).sum(axis=-1) + 1e-6
    inner = np.ones(rows * columns, bool)
    if rows >= 3:
        inner &= (row > 0) & (row < rows - 1)
    if columns >= 3:
        inner &= (column > 0) & (column < columns - 1)
    return int(np.where(inner, share * spread, -1.0).argmax())
