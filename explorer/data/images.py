"""The test images of CIFAR-10 and sketch10, by class or by position in the dataset, and uploads."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from explorer.data import WHOLE
from explorer.selection import LARGEST_INDEX, Image
from explorer.text.language import N_
from vitcore.config import CLASS_NAMES
from vitcore.datasets import cifar10, sketch

THUMBNAILS = 10


def open_cifar10() -> None:
    """Map the test images, once.

    Raises:
        DataError, OSError: when they cannot be opened.
    """
    _cifar10_test()


def chosen(source: str, label: str, index: int) -> Image:
    """The `index`-th test image of a class.

    Args:
        source: "cifar10" or "sketch10".
        label: class name.
        index: 0 to 999.
    """
    truth = CLASS_NAMES.index(label)
    name = f"{label} {index}"
    if source == "cifar10":
        images, _, positions = _cifar10_test()
        position = positions[truth][min(index, len(positions[truth]) - 1)]
        pixels, mask = np.array(images[position]), None
    else:
        pixels, mask = _sketch(truth, index)
    return Image(pixels, source, truth, index, name, key_of(pixels), mask)


def around(source: str, label: str, index: int) -> tuple[np.ndarray, list[int]]:
    """Ten images, the chosen one among them: (10, 32, 32, 3) uint8 and their indices."""
    first = min(index // THUMBNAILS * THUMBNAILS, LARGEST_INDEX + 1 - THUMBNAILS)
    return _ten(source, label, first), list(range(first, first + THUMBNAILS))


def labels(source: str) -> np.ndarray:
    """The true label of each test image, (N,).

    Raises:
        DataError, OSError: when CIFAR-10 cannot be opened.
    """
    if source == "cifar10":
        return _cifar10_test()[1]
    return np.arange(WHOLE) % len(CLASS_NAMES)


def at_positions(source: str, positions: np.ndarray | list[int]) -> np.ndarray:
    """Some of the test images, by their positions in the dataset: (n, 32, 32, 3) uint8.

    Raises:
        DataError, OSError: when CIFAR-10 cannot be opened.
    """
    positions = [int(position) for position in positions]
    if not positions:
        return np.zeros((0, 32, 32, 3), np.uint8)
    if source == "cifar10":
        return _cifar10_test()[0][positions]
    classes = len(CLASS_NAMES)
    return np.stack([_sketch(at % classes, at // classes)[0] for at in positions])


def class_and_index(source: str, position: int) -> tuple[str, int]:
    """Where the sidebar lists the image at a position: its class, and its index within it."""
    of = labels(source)
    truth = int(of[position])
    return CLASS_NAMES[truth], int((of[:position] == truth).sum())


def own(pixels: np.ndarray, source: str) -> Image:
    """A person's own image, (32, 32, 3) uint8."""
    name = N_("your image") if source == "upload" else N_("your photo")
    return Image(pixels, source, None, None, name, key_of(pixels))


def key_of(pixels: np.ndarray) -> str:
    """A short name for exactly these pixels."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]


@st.cache_data(max_entries=64, show_spinner=False)
def _ten(source: str, label: str, first: int) -> np.ndarray:
    truth, span = CLASS_NAMES.index(label), range(first, first + THUMBNAILS)
    if source == "cifar10":
        images, _, positions = _cifar10_test()
        return np.stack([images[positions[truth][index]] for index in span])
    return np.stack([_sketch(truth, index)[0] for index in span])


@st.cache_data(max_entries=256, show_spinner=False)
def _sketch(truth: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    pixels, label, mask = sketch(len(CLASS_NAMES) * index + truth)
    if label != truth:
        raise ValueError(f"sketch {index} of class {truth} is of class {label}")
    return pixels, mask


@st.cache_resource(show_spinner=False)
def _cifar10_test() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The test images, memory-mapped, their labels, and the positions of each class."""
    images, labels = cifar10("test")
    return images, labels, [np.flatnonzero(labels == truth) for truth in range(len(CLASS_NAMES))]
