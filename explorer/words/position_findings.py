"""The titles of the Positions page, written from its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.words.findings import UNDECIDED, percent
from explorer.words.numerals import signed, small_number
from explorer.words.position_kinds import PositionKind
from vitcore.introspection.positions import similarity_by_distance, similarity_by_place

_STRONG, _WEAK = 0.5, 0.2  # correlation from which closeness is said to be known, or not
_LEARNED = 0.1  # correlation by which learned positions must exceed untrained ones
_NEAREST = 0.25  # share of positions by which a neighbour must be the most similar more often
_GAIN = 0.05  # cosine by which one mean must exceed another to be said to
_HARDLY = 0.02  # probability by which an answer moves that hardly changes
_ROUNDING = 1e-4  # probability that rounding can explain
_RISE = 0.2  # cosine by which a curve must rise from its lowest point to be said to rise again


def position_title(
    own: PositionKind | None, untrained: PositionKind, *, began: float | None = None
) -> str:
    """What the model's own positions know about which places are close.

    Nothing that holds trivially: being like oneself is left out, rows and columns must exceed
    other places at the same distance, and everything must exceed what untrained positions show.
    A resized untrained grid is close to its neighbours and like nothing else, which alone makes a
    high correlation; so where that is no better, cosines are compared, not correlations.

    Args:
        own: the model's own positions; None where it adds none.
        untrained: what they are compared with.
        began: closeness of the waves that the model's own began as, if not as noise.
    """
    if own is None:
        return "This model adds no positions: to it the patches are a heap, not a picture"
    if own.correlation is None:
        return "With one token there is one position, and nothing to compare it with"
    if began is not None:
        before, now = signed(began), signed(own.correlation)
        way = f"left their closeness at {now}"
        if now != before:
            way = f"took their closeness from {before} to {now}"
        return f"These positions began as sin-cos 2-D waves, centred; training {way}"
    closeness, baseline = own.correlation, untrained.correlation or 0.0
    before = "before training" if own.name == "learned" else "untrained ones"
    numbers = f"closeness {signed(closeness)}, {before} {signed(baseline)}"
    found, first = (similarity_by_place(kind.similarity) for kind in (own, untrained))
    gained = closeness - baseline >= _LEARNED
    if closeness >= _STRONG and gained:
        if found.line_gain is not None and found.line_gain > _GAIN:
            return f"Each position is most like its neighbours, its row and its column: {numbers}"
        return f"Positions close in the picture are alike: {numbers}"
    if found.nearest >= first.nearest + _NEAREST:
        count = own.similarity.shape[0] * own.similarity.shape[1]
        return (
            f"For {round(found.nearest * count)} of {count} positions the most similar one lies "
            f"right beside it; {before}, for {round(first.nearest * count) or 'none'}"
        )
    if found.neighbours >= first.neighbours + _GAIN:
        return (
            f"Positions side by side are more alike than {before}: "
            f"cosine {signed(found.neighbours)} against {signed(first.neighbours)}"
        )
    apart, apart_first = (_mean_apart(kind.similarity) for kind in (own, untrained))
    if found.neighbours - apart >= first.neighbours - apart_first + _GAIN:
        return (
            f"Side by side positions have cosine {signed(found.neighbours)}, "
            f"others {signed(apart)}; {before} {signed(first.neighbours)} "
            f"and {signed(apart_first)}"
        )
    if closeness >= _WEAK and gained:
        return f"Closeness is only partly in these positions: {numbers}"
    return f"These positions tell no more of what is close than {before}: {numbers}"


def _away(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns between all places, each (gh, gw, gh, gw)."""
    rows, columns = similarity.shape[:2]
    y, x = np.mgrid[:rows, :columns]
    return abs(y[..., None, None] - y), abs(x[..., None, None] - x)


def _mean_apart(similarity: np.ndarray) -> float:
    """Mean similarity of places that do not share an edge; 0 where there are none."""
    down, across = _away(similarity)
    apart = down + across > 1
    return float(similarity[apart].mean()) if apart.any() else 0.0


def distance_title(kind: PositionKind) -> str:
    """How similarity falls with distance in one kind of positions."""
    distances, means = similarity_by_distance(kind.similarity)
    if not len(distances):
        return "With one token there is no distance"
    near_value, far_value = (signed(float(cosine)) for cosine in (means[0], means[-1]))
    return (
        f"{kind.label.capitalize()} positions side by side have cosine {near_value}, "
        f"those farthest apart ({distances[-1]:.1f} patches) {far_value}"
    )


def rise_reason(kind: PositionKind) -> str:
    """Why the curve of a kind rises again at large distances; empty where it does not.

    Said only where the numbers show it: places on opposite edges of the picture are more alike
    than the others that lie as far apart.
    """
    distances, means = similarity_by_distance(kind.similarity)
    if not len(distances) or means[means.argmin() :].max() < means.min() + _RISE:
        return ""
    down, across = _away(kind.similarity)
    rows, columns = kind.similarity.shape[:2]
    opposite = (down == rows - 1) | (across == columns - 1)
    others = ~opposite & (np.hypot(down, across) >= 0.7 * (min(rows, columns) - 1))
    if not others.any():
        return ""
    edges, rest = float(kind.similarity[opposite].mean()), float(kind.similarity[others].mean())
    if edges < rest + _GAIN:
        return ""
    return (
        f"Here the line rises again, because places on opposite edges resemble each other: "
        f"cosine {signed(edges)}, other places about as far apart {signed(rest)}. "
    )


@dataclass(frozen=True, slots=True)
class Shuffling:
    """Four answers, each (C,): the picture as it is and shuffled, with positions and without."""

    original: np.ndarray
    shuffled: np.ndarray
    original_without: np.ndarray
    shuffled_without: np.ndarray

    @property
    def moved(self) -> float:
        """Largest difference between the two answers with positions."""
        return float(np.abs(self.original - self.shuffled).max())

    @property
    def moved_without(self) -> float:
        """Largest difference between the two answers without positions."""
        return float(np.abs(self.original_without - self.shuffled_without).max())


def shuffle_title(answers: Shuffling, names: tuple[str, ...], *, positions: bool) -> str:
    """What shuffling the patches does to the answer.

    Args:
        answers: what the model gave.
        names: of the classes.
        positions: whether the model adds any.
    """
    if float(np.ptp(answers.original)) < UNDECIDED:
        return "This model prefers no class, shuffled or not"
    change = _change(answers.original, answers.shuffled, names)
    if not positions:
        return (
            f"This model has no positions: shuffling {_verb(answers.moved)} the answer ({change})"
        )
    without = _change(answers.original_without, answers.shuffled_without, names)
    if answers.moved < _HARDLY and int(answers.original.argmax()) == int(answers.shuffled.argmax()):
        first = f"Even with positions, this shuffling {_verb(answers.moved)} the answer ({change})"
    else:
        first = f"With positions, shuffling changes the answer ({change})"
    if answers.moved_without < UNDECIDED:
        return f"{first}; without them it cannot ({without})"
    return f"{first}; without them it {_verb(answers.moved_without)} it too ({without})"


def largest_difference(value: float) -> str:
    """How far two answers are apart, and whether that is rounding only."""
    rounding = " (rounding)" if 0 < value < _ROUNDING else ""
    return f"largest difference {small_number(value)}{rounding}"


def _verb(moved: float) -> str:
    if moved < UNDECIDED:
        return "does not change"
    return "hardly changes" if moved < _HARDLY else "changes"


def _change(before: np.ndarray, after: np.ndarray, names: tuple[str, ...]) -> str:
    first, second = int(before.argmax()), int(after.argmax())
    low, high = percent(float(before[first])), percent(float(after[second]))
    if first != second:
        return f"{names[first]} {low} → {names[second]} {high}"
    return f"{names[first]} {low} both" if low == high else f"{names[first]} {low} → {high}"
