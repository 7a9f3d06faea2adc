"""What pages keep in a session beside the selection: the shuffled order of patches."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.selection import DEFAULT_PATCH_SIZE

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
