"""The embedding filters of a model and their principal components."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.text.language import N_, current, tr
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.interpret.filters import embedding_filters, principal_components
from vitcore.patches import pi_resize

_filters = declare("filters")
_MOST = 0.9  # fraction of the variance that counts as most of it
_SHOWN = 28  # components, as many as figure 7 of the ViT paper shows


def filters_payload(
    filters: np.ndarray, components: np.ndarray, explained: np.ndarray, *, rev: str = ""
) -> bytes:
    """Images as bytes: all filters, and the first components.

    Args:
        filters: (D, P, P, 3) in [0, 1].
        components: (K, P, P, 3) in [0, 1], strongest first.
        explained: (K,) explained variance ratio of each.
        rev: what the drawn figure carries as `data-rev`.

    Raises:
        ValueError: where the shapes do not fit each other.
    """
    if len(components) != len(explained) or components.shape[1:] != filters.shape[1:]:
        raise ValueError(
            "components must be (K, P, P, 3) with K ratios, as large as the filters, "
            f"got {components.shape}, {explained.shape} and {filters.shape}"
        )
    shown = min(_SHOWN, len(components))
    header = {
        "P": filters.shape[1],
        "D": len(filters),
        "explained": [round(float(ratio), 5) for ratio in explained[:shown]],
        "headings": [
            tr("All {count} filters", count=len(filters)),
            tr("Principal components 1–{shown} of {count}", shown=shown, count=len(components)),
        ],
        "rev": rev,
    }
    return pack("filters", header, filters=_bytes(filters), components=_bytes(components[:shown]))


@dataclass(frozen=True, slots=True)
class FilterFigure:
    """The figure of one kernel at one patch size, and how many components explain 90%."""

    data: bytes
    components: int  # in all
    needed: int  # for 90% of the variance
    needed_at_init: int  # the same of a random initialization

    @property
    def finding(self) -> str:
        """How many components it takes, trained and at random init."""
        one = N_(
            "{needed} of {count} principal component explains {fraction} of the variance "
            "({at_init} at random init)"
        )
        several = N_(
            "{needed} of {count} principal components explain {fraction} of the variance "
            "({at_init} at random init)"
        )
        return tr(
            one if self.needed == 1 else several,
            needed=self.needed,
            count=self.components,
            fraction=f"{_MOST:.0%}",
            at_init=self.needed_at_init,
        )


def filter_figure(kernel: np.ndarray, patch_size: int, *, rev: str = "") -> FilterFigure:
    """Filters and components of a stored kernel at a patch size; cached.

    Args:
        kernel: (p, p, 3, D) as stored.
        patch_size: P, what it is resized to.
        rev: what the drawn figure carries as `data-rev`.
    """
    return _figure(kernel, patch_size, rev, current())


@st.cache_data(max_entries=18, show_spinner=False)
def _figure(
    kernel: np.ndarray,
    patch_size: int,
    rev: str,
    language: str,  # noqa: ARG001 - of its words
) -> FilterFigure:
    resized = pi_resize(kernel, patch_size)
    learned = principal_components(resized)
    first = principal_components(pi_resize(untrained_kernel(kernel.shape), patch_size))
    data = filters_payload(embedding_filters(resized), learned.images, learned.explained, rev=rev)
    return FilterFigure(
        data,
        components=len(learned.explained),
        needed=needed_components(learned.explained),
        needed_at_init=needed_components(first.explained),
    )


def untrained_kernel(shape: tuple[int, int, int, int]) -> np.ndarray:
    """The random initialization of the kernel (p, p, 3, D), seed 0."""
    alone = ViTConfig(
        patch_embed_size=shape[0],
        width=shape[-1],
        depth=1,
        num_heads=1,
        head_dim=1,
        mlp_dim=1,
        pos_embed_grid=1,
        positions="none",
    )
    return initial_weights(alone)["patch_embedding/kernel"]


def filters(figure: FilterFigure, *, key: str) -> None:
    """Draw the figure."""
    _filters(figure.data, key=key)


def needed_components(explained: np.ndarray) -> int:
    """How many components, in order, it takes to explain 90% of the variance."""
    return min(len(explained), int(np.searchsorted(np.cumsum(explained), _MOST - 1e-6)) + 1)


def _bytes(images: np.ndarray) -> np.ndarray:
    return np.rint(255 * images).astype(np.uint8)
