"""What a person has selected: an image, a patch size and a model; every page is about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from explorer.results import Failure
from explorer.text.language import N_, tr
from explorer.text.names import class_names, shown_name, shown_names
from vitcore.config import CLASS_NAMES, ViTConfig, grid_side
from vitcore.intervention import Intervention
from vitcore.patches import model_input

DEFAULT_CLASS = "frog"  # its first image is predicted correctly in both datasets
DEFAULT_PATCH_SIZE = 4
LARGEST_INDEX = 999  # both datasets have 1,000 test images per class
SOURCE_NAMES = {
    "cifar10": N_("CIFAR-10 (test)"),
    "sketch10": N_("sketch10 (synthetic)"),
    "upload": N_("Upload"),
    "camera": N_("Camera"),
}
USER_SOURCES = ("upload", "camera")  # a person's own images, which no link can carry


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One 32 x 32 image and what is known about it."""

    pixels: np.ndarray  # (32, 32, 3) uint8
    source: str  # one of SOURCE_NAMES
    label: int | None  # index of its true class, where it has one
    index: int | None  # among the test images of its class, where it is one
    name: str  # "frog 12", in files and code
    key: str  # hash of the pixels
    mask: np.ndarray | None = None  # (32, 32) bool, the object, where it is known

    @property
    def title(self) -> str:
        """Its name in the language of the page."""
        if self.label is None:
            return tr(self.name)
        return f"{shown_name(CLASS_NAMES[self.label])} {self.index}"

    @property
    def is_own(self) -> bool:
        """Whether a person brought it."""
        return self.source in USER_SOURCES


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model that can be opened, with the state of its files: other weights, another model."""

    name: str
    folder: Path
    stamp: tuple[int, ...]
    config: ViTConfig

    @property
    def class_names(self) -> tuple[str, ...]:
        """In English, as URLs and files have them."""
        return class_names(self.config.classes)

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The classes' names in the language of the page."""
        return shown_names(self.class_names)


class Pin(NamedTuple):
    """A pinned token.

    Attributes:
        token: a patch, counted row by row; -1 for the first prefix token, -2 for the second.
        side: rows and columns of the grid in which it was pinned.
    """

    token: int
    side: int

    @property
    def exists(self) -> bool:
        """Whether its grid has such a patch, or a model may have so many prefix tokens."""
        return 0 < self.side <= 64 and -9 <= self.token < self.side * self.side

    def patch(self, side: int) -> int | None:
        """The patch at the same position in a grid of `side` rows; None for a prefix token."""
        if self.token < 0:
            return None
        row, column = divmod(self.token, self.side)
        return int((row + 0.5) / self.side * side) * side + int((column + 0.5) / self.side * side)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What every question to a model is about.

    Attributes:
        model: the model, or why there is none.
        image: the image.
        patch_size: P, one of `vitcore.config.PATCH_SIZES`.
        intervention: what is changed in the forward pass.
        pinned: the pinned patch, counted row by row, or None.
    """

    model: ModelRef | Failure
    image: Image
    patch_size: int
    intervention: Intervention = Intervention()
    pinned: int | None = None

    @property
    def config(self) -> ViTConfig | None:
        """The model's, where there is one."""
        return self.model.config if isinstance(self.model, ModelRef) else None

    @property
    def model_name(self) -> str:
        """Of the model, or "" where there is none."""
        return self.model.name if isinstance(self.model, ModelRef) else ""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the model, or of CIFAR-10 where there is none; in English."""
        return self.model.class_names if isinstance(self.model, ModelRef) else CLASS_NAMES

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The same in the language of the page."""
        return shown_names(self.class_names)

    @property
    def truth(self) -> int | None:
        """Index of the image's class, where it has one and the model has the same classes."""
        return self.image.label if self.class_names == CLASS_NAMES else None

    @property
    def image_size(self) -> int:
        """Pixels per side of the model's images."""
        return self.config.image_size if self.config else len(self.image.pixels)

    @property
    def side(self) -> int:
        """Rows (and columns) of the patch grid."""
        return grid_side(self.patch_size, self.image_size)

    @property
    def model_input(self) -> np.ndarray:
        """(G*P, G*P, 3) uint8, the image as the model gets it."""
        return model_input(self.image.pixels, self.patch_size, image_size=self.image_size)

    @property
    def key(self) -> str:
        """A short name of model, image and patch size: what an intervention is made on."""
        return f"{self.model_name}·{self.image.key[:12]}·{self.patch_size}"

    @property
    def intervened(self) -> bool:
        """Whether anything is changed in the forward pass."""
        return self.intervention != Intervention()

    def under(self, intervention: Intervention) -> Selection:
        """The same with another intervention."""
        return replace(self, intervention=intervention)

    @property
    def baseline(self) -> Selection:
        """The same without an intervention."""
        return self.under(Intervention())

    def at(self, patch_size: int) -> Selection:
        """The same at another patch size."""
        return replace(self, patch_size=patch_size)

    def file(self, what: str) -> str:
        """Name of a file with data of this selection."""
        words = f"{self.model_name}-{self.image.name}-p{self.patch_size}-{what}"
        return "".join(c if c.isalnum() or c in "-._" else "-" for c in words)


def selected() -> Selection:
    """What is selected in this run; the sidebar has settled it."""
    import streamlit as st  # texts about a selection need no page

    return st.session_state["selection"]
