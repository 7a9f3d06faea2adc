"""What a figure of one number per head shows, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.attention_panels.sentences import head_name
from explorer.words.findings import distance_title, percent

_SAME = 1e-6  # difference that rounding can explain
_ALIKE = 0.05  # share of the most there can be below which heads do not differ


def number_title(
    name: str, values: np.ndarray, compared: Sequence[float], *, prefix: str = "the class token"
) -> str:
    """The finding of the figure.

    Args:
        name: of the number, as in `HeadNumbers`.
        values: (L, H).
        compared: heights of its lines.
        prefix: what the tokens before the patches are called.
    """
    low, high = (
        np.unravel_index(place, values.shape) for place in (values.argmin(), values.argmax())
    )
    least, most = float(values[low]), float(values[high])
    if name.startswith("distance"):
        return distance_title(values, compared[0])
    if most - least < _SAME:
        return f"Every head has the same number here: {most:.2f}"
    if name == "entropy":
        return _entropy(values, compared[0], head_name(*low))
    if name == "prefix_mass":
        return (
            f"{_first(head_name(*high))} puts {percent(most)} on {prefix}; "
            f"an even spread, {percent(compared[0])}"
        )
    if name == "query_dependence":
        if most < _ALIKE:
            return "In no head does the map change with the patch: all patches look alike"
        return (
            f"The map changes most with the patch in {head_name(*high)} ({most:.2f} of at most "
            f"{compared[0]:.2f}), least in {head_name(*low)} ({least:.2f})"
        )
    above = int((values > 1).sum())
    return (
        f"{above} of {values.size} heads look at the object more than by chance; most, "
        f"{head_name(*high)}: {most:.1f} times an even spread"
    )


def _entropy(values: np.ndarray, bound: float, narrowest: str) -> str:
    least, tokens = float(values.min()), 2 ** float(values.min())
    if bound - least < _ALIKE * bound:
        return f"All heads look nearly everywhere alike: at least {least:.1f} of {bound:.1f} bits"
    return (
        f"{_first(narrowest)} is the narrowest: {least:.1f} of {bound:.1f} bits, as if it looked "
        f"at {tokens:.0f} of {2**bound:.0f} tokens alike"
    )


def _first(words: str) -> str:
    return words[0].upper() + words[1:]
