"""What a figure of one metric per head shows, in one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.text.findings import percent
from explorer.text.language import N_, tr
from explorer.views.attention.findings import head_name

_SAME = 1e-6  # difference that rounding can explain
_ALIKE = 0.05  # fraction of the maximum below which heads do not differ


def metric_finding(name: str, values: np.ndarray, compared: Sequence[float]) -> str:
    """The finding of the figure.

    Args:
        name: of the metric, as in `HeadNumbers`.
        values: (L, H).
        compared: heights of its lines.
    """
    low, high = (
        np.unravel_index(place, values.shape) for place in (values.argmin(), values.argmax())
    )
    least, most = float(values[low]), float(values[high])
    if name.startswith("distance"):
        return _distances(values)
    if most - least < _SAME:
        return tr("The same in all heads: {value}", value=f"{most:.2f}")
    if name == "entropy":
        return _entropy(values, compared[0], head_name(*low))
    if name == "prefix_attention":
        return tr(
            "Highest: {head}, {share} (uniform: {uniform})",
            head=head_name(*high),
            share=percent(most),
            uniform=percent(compared[0]),
        )
    if name == "query_dependence":
        if most < _ALIKE:
            return tr("No head depends on the query (highest: {value})", value=f"{most:.2f}")
        return tr(
            "Highest: {high}, {most}. Lowest: {low}, {least}. Maximum: {maximum}",
            high=head_name(*high),
            most=f"{most:.2f}",
            low=head_name(*low),
            least=f"{least:.2f}",
            maximum=f"{compared[0]:.2f}",
        )
    above = int((values > 1).sum())
    return tr(
        "{count} of {heads} heads above uniform. Highest: {head}, {times}×",
        count=above,
        heads=values.size,
        head=head_name(*high),
        times=f"{most:.1f}",
    )


def _distances(values: np.ndarray) -> str:
    def reach(block: np.ndarray) -> str:
        low, high = f"{block.min():.0f}", f"{block.max():.0f}"
        return low if low == high else f"{low}–{high}"

    first, last = reach(values[0]), reach(values[-1])
    if len(values) == 1:
        return tr("{first} px in block 1", first=first)
    message = N_("{first} px in block 1, {last} px in block {block}")
    return tr(message, first=first, last=last, block=len(values))


def _entropy(values: np.ndarray, bound: float, lowest: str) -> str:
    least, tokens = float(values.min()), 2 ** float(values.min())
    if bound - least < _ALIKE * bound:
        return tr(
            "All heads nearly uniform: at least {least} of {bound} bits",
            least=f"{least:.1f}",
            bound=f"{bound:.1f}",
        )
    return tr(
        "Lowest: {head}, {least} of {bound} bits (≈ {few} of {tokens} tokens)",
        head=lowest,
        least=f"{least:.1f}",
        bound=f"{bound:.1f}",
        few=f"{tokens:.0f}",
        tokens=f"{2**bound:.0f}",
    )
