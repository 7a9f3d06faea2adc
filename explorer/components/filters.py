"""The learned filters of the patch embedding and their principal components."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.components.declared import declare
from explorer.components.packing import pack
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.introspection.filters import embedding_filters, principal_components
from vitcore.patches import pi_resize

_filters = declare("filters")
_MOST = 0.9  # share of variance that counts as most of it
_SHOWN = 28  # components, as many as figure 7 of the ViT paper shows


def filters_payload(
    filters: np.ndarray, components: np.ndarray, explained: np.ndarray, *, rev: str = ""
) -> bytes:
    """Pictures as bytes, all filters and the strongest components.

    Args:
        filters: (D, P, P, 3) in [0, 1].
        components: (K, P, P, 3) in [0, 1], strongest first.
        explained: (K,) share of variance of each.
        rev: what the drawn figure carries as `data-rev`.

    Raises:
        ValueError: where the shapes do not fit each other.
    """
    if len(components) != len(explained) or components.shape[1:] != filters.shape[1:]:
        raise ValueError(
            "components must be (K, P, P, 3) with K shares, as large as the filters, "
            f"got {components.shape}, {explained.shape} and {filters.shape}"
        )
    shown = min(_SHOWN, len(components))
    header = {
        "P": filters.shape[1],
        "D": len(filters),
        "K": len(components),
        "explained": [round(float(share), 5) for share in explained[:shown]],
        "headings": [
            f"All {len(filters)} filters",
            f"Shown: the first {shown} of {len(components)} components"
            if shown < len(components)
            else f"Their {shown} components",
        ],
        "rev": rev,
    }
    return pack("filters", header, filters=_bytes(filters), components=_bytes(components[:shown]))


@dataclass(frozen=True, slots=True)
class FilterFigure:
    """The figure of one kernel at one patch size, and what it says."""

    title: str
    data: bytes


@st.cache_data(max_entries=18, show_spinner=False)
def filter_figure(kernel: np.ndarray, patch_size: int, *, rev: str = "") -> FilterFigure:
    """Filters and components of a stored kernel at a patch size; kept, for it takes a while.

    Args:
        kernel: (p, p, 3, D) as stored.
        patch_size: P, what it is resized to.
        rev: what the drawn figure carries as `data-rev`.
    """
    resized = pi_resize(kernel, patch_size)
    learned = principal_components(resized)
    first = principal_components(pi_resize(untrained_kernel(kernel.shape), patch_size))
    data = filters_payload(embedding_filters(resized), learned.pictures, learned.explained, rev=rev)
    return FilterFigure(filters_title(learned.explained, first.explained), data)


def untrained_kernel(shape: tuple[int, int, int, int]) -> np.ndarray:
    """The kernel (p, p, 3, D) that training would start from, seed 0; no other weight is drawn."""
    alone = ViTConfig(
        kernel_size=shape[0],
        width=shape[-1],
        depth=1,
        heads=1,
        head_width=1,
        mlp_width=1,
        position_grid=1,
        positions="none",
    )
    return initial_weights(alone)["patch_embedding/kernel"]


def filters_title(explained: np.ndarray, untrained: np.ndarray) -> str:
    """How many components it takes, before training and after.

    Args:
        explained: (K,) share of variance of each component, strongest first.
        untrained: the same of a kernel that has learned nothing.
    """
    needed, at_first = (_needed(shares) for shares in (explained, untrained))
    noun = "component carries" if needed == 1 else "components carry"
    return (
        f"{needed} of {len(explained)} {noun} {_MOST:.0%} of what the filters look for; "
        f"before training it takes {at_first}"
    )


def filters(figure: FilterFigure, *, key: str) -> None:
    """Draw the figure."""
    _filters(key=key, data=figure.data, height="content")


def _needed(explained: np.ndarray) -> int:
    """How many components it takes to carry most of the variance."""
    return min(len(explained), int(np.searchsorted(np.cumsum(explained), _MOST - 1e-6)) + 1)


def _bytes(pictures: np.ndarray) -> np.ndarray:
    return np.rint(255 * pictures).astype(np.uint8)
