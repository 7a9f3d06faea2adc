"""What all pages share: the selected image, patch size, model and pinned patch."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from vitcore.config import PATCH_SIZES, grid_side

DEFAULT_CLASS = "frog"  # its first image is predicted correctly in both datasets
DEFAULT_PATCH_SIZE = 4
LARGEST_INDEX = 999  # both datasets have 1,000 test images per class
SOURCES = ("cifar10", "sketch10", "upload", "camera")
SOURCE_NAMES = {
    "cifar10": "CIFAR-10 (test)",
    "sketch10": "sketch10 (synthetic)",
    "upload": "Upload",
    "camera": "Camera",
}
SHARED = ("picture_source", "picture_class", "picture_index", "patch_size", "model", "pinned")
SHUFFLES = "positions_seed"  # how often "Shuffle again" was pressed
REPEATED = "{} appears twice in the URL; using the last value."


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


def patch_asked(query: dict[str, str]) -> int | None:
    """The patch that a URL pins, as row.column from 1, in the grid of its patch size.

    `grid` says of how many rows the one is in which it was counted, where the patch size has moved
    since: then the patch at the same position in the image is meant.
    """
    side = _side_asked(query)
    counted = query.get("grid", "")
    if counted not in map(str, map(grid_side, PATCH_SIZES)):
        counted = str(side)
    numbers = query.get("pinned", "").split(".")
    if len(numbers) != 2 or not all(map(_is_index, numbers)):
        return None
    row, column = map(int, numbers)
    if not (1 <= row <= int(counted) and 1 <= column <= int(counted)):
        return None
    row, column = (int((number - 0.5) / int(counted) * side) for number in (row, column))
    return row * side + column


def _side_asked(query: dict[str, str]) -> int:
    """Rows and columns of the grid that a URL asks for."""
    size = query.get("patch_size", "")
    return grid_side(int(size) if size in map(str, PATCH_SIZES) else DEFAULT_PATCH_SIZE)


def unusable(
    query: dict[str, str],
    *,
    models: list[str],
    classes: tuple[str, ...],
    source: str,
    trouble: str = "",
) -> list[str]:
    """Sentences about invalid values in the URL, each with what is shown instead.

    Args:
        query: names and values as they stand in the URL.
        models: names that can be chosen; the first is the default.
        classes: class names.
        source: of images by default.
        trouble: why the model that the URL asks for could not be loaded, where it is there.
    """
    sentences = []

    def check(name: str, allowed: tuple[str, ...], rule: str, default: str) -> None:
        if name in query and query[name] not in allowed:
            sentences.append(f"{rule.format(_shown(query[name]))} Showing {default}.")

    check("picture_source", SOURCES, "Unknown image source {}.", SOURCE_NAMES[source])
    check("picture_class", classes, "Unknown class {}.", DEFAULT_CLASS)
    index = query.get("picture_index")
    if index is not None and not _is_index(index):
        # A number with a fraction is cut, not dropped, by the widget it is bound to.
        instead = st.session_state.get("picture_index", 0)
        sentences.append(
            f"Image index must be 0–{LARGEST_INDEX} (got {_shown(index)}). Showing {instead}."
        )
    sizes = tuple(map(str, PATCH_SIZES))
    rule = f"Patch size must be one of {', '.join(sizes)} (got {{}})."
    check("patch_size", sizes, rule, str(DEFAULT_PATCH_SIZE))
    if "model" in query and query["model"] not in models:
        sentences.append(no_model(query["model"], models=models, trouble=trouble))
    if "pinned" in query and patch_asked(query) is None:
        side = _side_asked(query)
        sentences.append(
            f"Pinned patch must be row.column from 1.1 to {side}.{side} "
            f"(got {_shown(query['pinned'])})."
        )
    return sentences


def no_model(name: str, *, models: list[str], trouble: str = "") -> str:
    """Why a model cannot be shown, and which one is shown instead."""
    instead = f"Showing {models[0]}." if models else "No models yet."
    if not trouble:
        return f"Model {_shown(name)} not found. {instead}"
    reason = trouble.rstrip(".")
    return f"{_shown(name)} could not be loaded: {reason}. {instead} Manage it in Models."


def is_finite(text: str) -> bool:
    """Whether a number of the URL can be counted with; what is no number at all is left alone."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return True


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= LARGEST_INDEX


def _shown(value: str) -> str:
    seen = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value)
    if not seen.strip():
        return "(empty)"
    return seen if len(seen) <= 40 else f"{seen[:40]}…"
