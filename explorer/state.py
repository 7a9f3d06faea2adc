"""What pages keep in a session beside the selection: the pinned patch, and the shuffled order."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.selection import DEFAULT_PATCH_SIZE
from vitcore.config import grid_side

SHUFFLES = "positions_seed"  # how often "Shuffle again" was pressed


def patch_size() -> int:
    """P, one of `vitcore.config.PATCH_SIZES`."""
    return st.session_state.get("patch_size", DEFAULT_PATCH_SIZE)


def shuffled_order(grid: tuple[int, int]) -> np.ndarray:
    """The order (N,) of patches that the Positions page shows."""
    return permutation(grid[0] * grid[1], st.session_state.get(SHUFFLES, 0))


def permutation(count: int, seed: int) -> np.ndarray:
    """An order of `count` patches that is not the given one (where there are two at least)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    while count > 1 and np.array_equal(order, np.arange(count)):
        order = rng.permutation(count)
    return order


def pinned() -> int | None:
    """The pinned patch, counted row by row in the present grid, or None.

    It is kept as a position in the image, so it stays there when the patch size moves.
    """
    place = st.session_state.get("pinned_place")
    if place is None:
        return None
    side = grid_side(patch_size())
    row, column = (min(side - 1, int(share * side)) for share in place)
    return row * side + column


def pin(patch: int | None) -> None:
    """Pin a patch of the present grid, or none.

    Raises:
        ValueError: when the grid has no such patch.
    """
    if patch is None:
        st.session_state["pinned_place"] = None
        return
    side = grid_side(patch_size())
    if not 0 <= patch < side * side:
        raise ValueError(f"patch must be in 0..{side * side - 1}, got {patch}")
    row, column = divmod(patch, side)
    st.session_state["pinned_place"] = ((row + 0.5) / side, (column + 0.5) / side)
