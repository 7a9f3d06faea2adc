"""The titles of the Positions page, written from its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.findings import UNDECIDED, percent
from explorer.numerals import signed
from explorer.position_kinds import PositionKind
from vitcore.introspection.positions import similarity_by_distance, similarity_by_place

_STRONG, _WEAK = 0.5, 0.2  # correlation from which closeness is said to be known, or not
_LEARNED = 0.1  # correlation by which learned positions must exceed untrained ones
_NEAREST = 0.25  # share of positions by which a neighbour must be the most similar more often
_GAIN = 0.05  # cosine by which rows and columns must exceed other places just as far away


def position_title(own: PositionKind | None, untrained: PositionKind) -> str:
    """What the model's own positions know about which places are close.

    Nothing that holds trivially: being like oneself is left out, rows and columns must exceed
    other places at the same distance, and everything must exceed what untrained positions show,
    which on a resized grid are close to their neighbours too.

    Args:
        own: the model's own positions; None where it adds none.
        untrained: what they are compared with.
    """
    if own is None:
        return "This model adds no positions: to it the patches are a heap, not a picture"
    if own.correlation is None:
        return "With one token there is one position, and nothing to compare it with"
    closeness, baseline = own.correlation, untrained.correlation or 0.0
    numbers = f"closeness {signed(closeness)}, untrained {signed(baseline)}"
    if closeness < _WEAK or closeness - baseline < _LEARNED:
        return f"These positions do not know which places are close: {numbers}"
    found, first = (similarity_by_place(kind.similarity) for kind in (own, untrained))
    if closeness >= _STRONG:
        if found.line_gain is not None and found.line_gain > _GAIN:
            return f"Each position is most like its neighbours, its row and its column: {numbers}"
        return f"Positions close in the picture are alike: {numbers}"
    count = own.similarity.shape[0] * own.similarity.shape[1]
    if found.nearest >= first.nearest + _NEAREST:
        return (
            f"In {round(found.nearest * count)} of {count} positions the most similar other one "
            f"is a neighbour, untrained in {round(first.nearest * count)}"
        )
    return f"Closeness is only partly in these positions: {numbers}"


def distance_title(kind: PositionKind) -> str:
    """How similarity falls with distance in one kind of positions."""
    distances, means = similarity_by_distance(kind.similarity)
    if not len(distances):
        return "With one token there is no distance"
    near_value, far_value = (signed(float(cosine)) for cosine in (means[0], means[-1]))
    return (
        f"{kind.label.capitalize()} positions side by side have cosine {near_value}, "
        f"those farthest apart ({distances[-1]:.0f} patches) {far_value}"
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
        return f"Without positions the order says nothing: shuffled, {change}"
    if answers.moved_without < UNDECIDED:
        top = int(answers.original_without.argmax())
        share = percent(float(answers.original_without[top]))
        without = f"it is {names[top]} {share} both times"
    else:
        without = _change(answers.original_without, answers.shuffled_without, names)
    return f"Shuffled, {change}; without positions {without}"


def _change(before: np.ndarray, after: np.ndarray, names: tuple[str, ...]) -> str:
    first, second = int(before.argmax()), int(after.argmax())
    low, high = percent(float(before[first])), percent(float(after[second]))
    if first != second:
        return f"the answer moves from {names[first]} {low} to {names[second]} {high}"
    if low == high:
        return f"the answer stays {names[first]} {low}"
    return f"the answer stays {names[first]} and goes from {low} to {high}"
