"""Patches and patch pairs at every patch size; three ways to split an image P does not divide."""

from collections.abc import Mapping

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.text.language import N_, tr

_cost = declare("cost")
_WAYS = ("seen", "valid", "same")


def cost_payload(
    original: np.ndarray,
    cuts: Mapping[str, np.ndarray],
    *,
    patch_size: int,
    grid_sides: Mapping[int, int],
    rev: str = "",
) -> bytes:
    """Everything the figure shows.

    Args:
        original: (side, side, 3) uint8.
        cuts: "seen", "valid" and "same": patches (gh, gw, P, P, 3) uint8 of each way.
        patch_size: P, one of the stops.
        grid_sides: grid side by patch size, for every stop of the slider, smallest P first.
        rev: what the drawn figure carries as `data-rev`.

    Raises:
        ValueError: where P is not among the stops or a way is missing.
    """
    if patch_size not in grid_sides:
        raise ValueError(f"patch_size must be one of {list(grid_sides)}, got {patch_size}")
    if set(cuts) != set(_WAYS):
        raise ValueError(f"cuts must be seen, valid and same, got {sorted(cuts)}")
    joined = {
        name: np.ascontiguousarray(
            patches.transpose(0, 2, 1, 3, 4).reshape(
                patches.shape[0] * patch_size, patches.shape[1] * patch_size, 3
            )
        )
        for name, patches in cuts.items()
    }
    sides = {name: len(image) for name, image in joined.items()}
    side = len(original)
    header = {
        "P": patch_size,
        "side": side,
        "sides": sides,
        "stops": [
            {"P": size, "tokens": g * g, "finding": cost_finding(size, grid_sides)}
            for size, g in grid_sides.items()
        ],
        "now": list(grid_sides).index(patch_size),
        "cut": cut_finding(patch_size, side),
        "captions": [_extent(sides[name], patch_size) for name in _WAYS],
        "rev": rev,
    }
    return pack("cost", header, original=np.ascontiguousarray(original), **joined)


def cost(data: bytes, *, key: str) -> None:
    """Draw what `cost_payload` packed."""
    _cost(data, key=key)


def cost_finding(patch_size: int, grid_sides: Mapping[int, int]) -> str:
    """The patch pairs at this patch size, and at the larger stop nearest to twice the size."""
    tokens = grid_sides[patch_size] ** 2
    if tokens == 1:
        return tr("P = {size}: 1 patch, 1 pair", size=patch_size)
    pairs = f"{tokens**2:,}"
    larger = [size for size in grid_sides if size > patch_size]
    if not larger:
        return tr(
            "P = {size}: {patches} patches, {pairs} pairs",
            size=patch_size,
            patches=f"{tokens:,}",
            pairs=pairs,
        )
    other = min(larger, key=lambda size: abs(size - 2 * patch_size))
    times = tokens**2 / grid_sides[other] ** 4
    text = f"{times:.0f}" if times >= 9.95 or abs(times - round(times)) < 0.05 else f"{times:.1f}"
    return tr(
        "P = {size}: {patches} patches, {pairs} pairs, {times}× as many as P = {other}",
        size=patch_size,
        patches=f"{tokens:,}",
        pairs=pairs,
        times=text,
        other=other,
    )


def cut_finding(patch_size: int, side: int) -> str:
    """Whether the patch size divides the side of the image."""
    if rest := side % patch_size:
        return tr(
            "{size} does not divide {side} (remainder {rest})",
            size=patch_size,
            side=side,
            rest=rest,
        )
    return tr("{size} divides {side}, so all three agree", size=patch_size, side=side)


def _extent(side: int, patch_size: int) -> str:
    across = side // patch_size
    message = (
        N_("{side} px, {patches} patch") if across == 1 else N_("{side} px, {patches} patches")
    )
    return tr(message, side=_square(side), patches=_square(across))


def _square(side: int) -> str:
    """`3 × 3`, which no line break parts."""
    return f"{side}\u00a0×\u00a0{side}"
