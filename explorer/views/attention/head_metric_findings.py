"""What a figure of one metric per head shows, in one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.text.findings import percent
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
        return f"The same in all heads: {most:.2f}"
    if name == "entropy":
        return _entropy(values, compared[0], head_name(*low))
    if name == "prefix_attention":
        return f"Highest: {head_name(*high)}, {percent(most)} (uniform: {percent(compared[0])})"
    if name == "query_dependence":
        if most < _ALIKE:
            return f"No head depends on the query (highest: {most:.2f})"
        return (
            f"Highest: {head_name(*high)}, {most:.2f}. Lowest: {head_name(*low)}, {least:.2f}. "
            f"Maximum: {compared[0]:.2f}"
        )
    above = int((values > 1).sum())
    return f"{above} of {values.size} heads above uniform. Highest: {head_name(*high)}, {most:.1f}×"


def _distances(values: np.ndarray) -> str:
    def reach(block: np.ndarray) -> str:
        low, high = f"{block.min():.0f}", f"{block.max():.0f}"
        return f"{low if low == high else f'{low}–{high}'} px"

    first = f"{reach(values[0])} in block 1"
    return first if len(values) == 1 else f"{first}, {reach(values[-1])} in block {len(values)}"


def _entropy(values: np.ndarray, bound: float, lowest: str) -> str:
    least, tokens = float(values.min()), 2 ** float(values.min())
    if bound - least < _ALIKE * bound:
        return f"All heads nearly uniform: at least {least:.1f} of {bound:.1f} bits"
    return (
        f"Lowest: {lowest}, {least:.1f} of {bound:.1f} bits (≈ {tokens:.0f} of {2**bound:.0f} "
        "tokens)"
    )
