"""The predictions for an image and for its shuffled patches."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import client
from explorer.client import Intervention
from explorer.client.results import Problem, Waiting
from explorer.state import Picture
from explorer.text.position_findings import Shuffling

SEED = "positions_seed"  # how often "Shuffle again" was pressed


def order_now(grid: tuple[int, int]) -> np.ndarray:
    """The order that the Positions page shows."""
    return permutation(grid[0] * grid[1], st.session_state.get(SEED, 0))


def permutation(count: int, seed: int) -> np.ndarray:
    """An order of `count` patches that is not the given one (where there are two at least)."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    while count > 1 and np.array_equal(order, np.arange(count)):
        order = rng.permutation(count)
    return order


def four_answers(
    model: str, picture: Picture, patch_size: int, order: np.ndarray
) -> Shuffling | Waiting | Problem:
    """Predictions of the image and its shuffled patches, with position embeddings and without."""
    moves = {target: int(source) for target, source in enumerate(order)}
    wishes = (
        None,
        Intervention(patches=moves),
        Intervention(use_pos_embed=False),
        Intervention(patches=moves, use_pos_embed=False),
    )
    readings = [client.reading(model, picture, patch_size, intervention=wish) for wish in wishes]
    for kind in (Problem, Waiting):
        if found := [reading for reading in readings if isinstance(reading, kind)]:
            return found[0]
    return Shuffling(*(reading.probabilities for reading in readings))
