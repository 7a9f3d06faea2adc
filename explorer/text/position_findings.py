"""The findings of the Positions page, written from its numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np

from explorer.records import ShuffleResult
from explorer.text.findings import UNDECIDED, percent
from explorer.text.formatting import signed
from explorer.text.language import N_, tr
from explorer.text.position_encodings import PositionEncoding
from vitcore.interpret.positions import similarity_by_distance, similarity_by_position

_STRONG = 0.5  # spatial correlation from which nearby positions are said to be similar
_LEARNED = 0.1  # by which it must exceed that of a random initialization to be said of training
_GAIN = 0.05  # cosine by which one mean must exceed another to be said to
_RIM = 0.2  # cosine by which the rim must be more like itself than like the inside
_RISE = 0.2  # cosine by which a curve must rise from its lowest point to be said to rise again

_VERDICTS = {
    "lines": N_("Most similar: neighbors, same row and column"),
    "near": N_("Nearby positions are similar"),
    "weak": N_("Weak spatial structure"),
    "none": N_("Spatial correlation not clearly above random init"),
}
Verdict = Literal["single", "equal", "lines", "near", "rim", "weak", "none"]


def verdict(own: PositionEncoding, random_init: PositionEncoding) -> Verdict:
    """What the spatial correlation *r* of position embeddings shows.

    Interpolating a stored grid raises *r* by itself, so only what exceeds a random initialization,
    interpolated alike, counts as learned.

    Args:
        own: the model's own position embeddings.
        random_init: what they are compared with.

    Returns:
        "near": nearby positions are similar; "lines": so are those of the same row or column, more
        than others as far away. "rim": the rim differs from the inside, wherever on the rim.
        "weak": some correlation. "none": no more than at random init. "single": one position.
        "equal": no two positions are more similar than others.
    """
    if own.correlation is None:
        return "single" if own.single else "equal"
    gained = own.correlation - (random_init.correlation or 0.0) >= _LEARNED
    if gained and own.correlation >= _STRONG:
        line_gain = similarity_by_position(own.similarity).line_gain
        return "lines" if line_gain is not None and line_gain > _GAIN else "near"
    if _rim_gain(own.similarity) >= _RIM:
        return "rim"
    return "weak" if gained else "none"


def position_finding(
    own: PositionEncoding | None, random_init: PositionEncoding, *, began: float | None = None
) -> str:
    """The verdict on the model's position embeddings, with its numbers.

    Args:
        own: the model's own position embeddings; None where it adds none.
        random_init: what they are compared with.
        began: spatial correlation of the sin-cos embeddings that the model's own were initialized
            from, if they were.
    """
    if own is None:
        return tr("No position embeddings: the model is permutation-invariant")
    found = verdict(own, random_init)
    if own.correlation is None:
        single, equal = N_("Only one position at this patch size"), N_("All cosines are equal")
        return tr(single if own.single else equal)
    now = signed(own.correlation)
    if began is not None:
        if signed(began) == now:
            return tr(
                "Initialized from centered 2-D sin-cos; spatial correlation unchanged (*r* = {r})",
                r=now,
            )
        return tr(
            "Initialized from centered 2-D sin-cos: *r* = {first} → {last} in training",
            first=signed(began),
            last=now,
        )
    numbers = {"r": now, "at_init": signed(random_init.correlation or 0.0)}
    if found == "rim":
        corners, inside = (signed(one) for one in _corners(own.similarity))
        said = tr(
            "Rim vs. center: opposite corners {corners}, corner and center {inside}",
            corners=corners,
            inside=inside,
        )
    else:
        said = tr(_VERDICTS[found])
    return tr("{finding} (*r* = {r}; random init {at_init})", finding=said, **numbers)


def _away(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns between all positions, each (gh, gw, gh, gw)."""
    rows, columns = similarity.shape[:2]
    y, x = np.mgrid[:rows, :columns]
    return abs(y[..., None, None] - y), abs(x[..., None, None] - x)


def _rim_gain(similarity: np.ndarray) -> float:
    """Mean similarity of two positions on the rim, minus that of one there and one inside.

    Neighbors are left out, for which closeness alone would do; 0 where nothing lies inside.
    """
    rows, columns = similarity.shape[:2]
    if min(rows, columns) < 3:
        return 0.0
    rim = np.ones((rows, columns), bool)
    rim[1:-1, 1:-1] = False
    down, across = _away(similarity)
    far = np.hypot(down, across) >= 2
    within = far & rim[..., None, None] & rim
    between = far & rim[..., None, None] & ~rim
    if not between.any():
        return 0.0
    return float(similarity[within].mean() - similarity[between].mean())


def _corners(similarity: np.ndarray) -> tuple[float, float]:
    """Mean similarity of opposite corners, and of a corner with the middle of the grid."""
    rows, columns = similarity.shape[:2]
    opposite = (similarity[0, 0, -1, -1] + similarity[0, -1, -1, 0]) / 2
    middle = np.s_[(rows - 1) // 2 : rows // 2 + 1, (columns - 1) // 2 : columns // 2 + 1]
    corners = (similarity[y, x][middle].mean() for y in (0, -1) for x in (0, -1))
    return float(opposite), float(np.mean(list(corners)))


def distance_finding(kind: PositionEncoding) -> str:
    """How similarity falls with distance in one kind of position embeddings."""
    _, means = similarity_by_distance(kind.similarity)
    if not len(means):
        return ""
    near, far = (signed(float(cosine)) for cosine in (means[0], means[-1]))
    own = N_("Mean cosine: neighbors {near}, farthest pairs {far}")
    other = N_("Mean cosine of {encoding}: neighbors {near}, farthest pairs {far}")
    return tr(own if kind.own else other, encoding=kind.label, near=near, far=far)


def rise(kind: PositionEncoding) -> tuple[float, float] | None:
    """Why the curve of a kind rises again at large distances; None where it does not.

    Said only where the numbers show it: positions on opposite edges of the image are more similar
    than others as far apart.

    Returns:
        Mean cosine of positions on opposite edges, and of the other pairs about as far apart.
    """
    distances, means = similarity_by_distance(kind.similarity)
    if not len(distances) or means[means.argmin() :].max() < means.min() + _RISE:
        return None
    down, across = _away(kind.similarity)
    rows, columns = kind.similarity.shape[:2]
    opposite = (down == rows - 1) | (across == columns - 1)
    others = ~opposite & (np.hypot(down, across) >= 0.7 * (min(rows, columns) - 1))
    if not others.any():
        return None
    edges, rest = float(kind.similarity[opposite].mean()), float(kind.similarity[others].mean())
    return None if edges < rest + _GAIN else (edges, rest)


def shuffle_finding(found: ShuffleResult, names: tuple[str, ...], *, positions: bool) -> str:
    """What shuffling the patches does to the prediction.

    Args:
        found: the four predictions.
        names: of the classes.
        positions: whether the model adds position embeddings.
    """
    if float(np.ptp(found.original)) < UNDECIDED:
        return tr("No clear prediction, shuffled or not")
    change = _change(found.original, found.shuffled, names)
    if not positions:
        return tr("No position embeddings: {change}", change=change)
    without = _change(found.original_without, found.shuffled_without, names)
    return tr(
        "With position embeddings: {change}. Without: {without}.", change=change, without=without
    )


def _change(before: np.ndarray, after: np.ndarray, names: tuple[str, ...]) -> str:
    first, second = int(before.argmax()), int(after.argmax())
    low, high = percent(float(before[first])), percent(float(after[second]))
    if float(np.abs(before - after).max()) < UNDECIDED:
        return tr("no change ({label} {share})", label=names[first], share=low)
    return f"{names[first]} {low} → {'' if first == second else names[second] + ' '}{high}"


def token_finding(similarity: np.ndarray) -> str:
    """Mean cosine of two different patches at the embedding and after the last block.

    Args:
        similarity: (L+1, N, N) cosines, N at least 2.
    """
    count = similarity.shape[1]
    pairs = count * (count - 1)
    first, last = (
        (float(one.sum(dtype=np.float64)) - float(np.trace(one))) / pairs
        for one in (similarity[0], similarity[-1])
    )
    return tr(
        "Mean cosine between patches: {first} at the embedding, {last} after block {block}",
        first=signed(first),
        last=signed(last),
        block=len(similarity) - 1,
    )
