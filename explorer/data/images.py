"""Images to choose from: one test image by class and index, and ten around it."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from explorer.selection import Image
from explorer.state import LARGEST_INDEX
from vitcore.config import CLASS_NAMES
from vitcore.datasets import cifar10, sketch

THUMBNAILS = 10


def open_cifar10() -> None:
    """Map the test pictures, once.

    Raises:
        DataError, OSError: when they cannot be opened.
    """
    _cifar10_test()


def chosen(source: str, label: str, index: int) -> Image:
    """The `index`-th test picture of a class.

    Args:
        source: "cifar10" or "sketch10".
        label: class name.
        index: 0 to 999.
    """
    truth = CLASS_NAMES.index(label)
    name = f"{label} {index}"
    if source == "cifar10":
        images, ids = _cifar10_test()
        pixels, mask = np.array(images[ids[truth][min(index, len(ids[truth]) - 1)]]), None
    else:
        pixels, mask = _sketch(truth, index)
    return Image(pixels, source, truth, index, name, key_of(pixels), mask)


def around(source: str, label: str, index: int) -> tuple[np.ndarray, list[int]]:
    """Ten pictures, the chosen one among them: (10, 32, 32, 3) uint8 and their indices."""
    first = min(index // THUMBNAILS * THUMBNAILS, LARGEST_INDEX + 1 - THUMBNAILS)
    return _ten(source, label, first), list(range(first, first + THUMBNAILS))


def own(pixels: np.ndarray, source: str) -> Image:
    """A person's own picture, (32, 32, 3) uint8."""
    name = "your image" if source == "upload" else "your photo"
    return Image(pixels, source, None, None, name, key_of(pixels))


def key_of(pixels: np.ndarray) -> str:
    """A short name for exactly these pixels."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]


@st.cache_data(max_entries=64, show_spinner=False)
def _ten(source: str, label: str, first: int) -> np.ndarray:
    truth, span = CLASS_NAMES.index(label), range(first, first + THUMBNAILS)
    if source == "cifar10":
        images, ids = _cifar10_test()
        return np.stack([images[ids[truth][i]] for i in span])
    return np.stack([_sketch(truth, i)[0] for i in span])


@st.cache_data(max_entries=256, show_spinner=False)
def _sketch(truth: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    pixels, label, mask = sketch(len(CLASS_NAMES) * index + truth)
    if label != truth:
        raise ValueError(f"sketch {index} of class {truth} is of class {label}")
    return pixels, mask


@st.cache_resource(show_spinner=False)
def _cifar10_test() -> tuple[np.ndarray, list[np.ndarray]]:
    """The test pictures, memory-mapped, and for each class their positions."""
    images, labels = cifar10("test")
    return images, [np.flatnonzero(labels == truth) for truth in range(len(CLASS_NAMES))]
