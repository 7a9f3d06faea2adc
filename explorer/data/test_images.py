"""The test images by index: CIFAR-10's test set and sketch10."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.data import WHOLE
from vitcore.config import CLASS_NAMES
from vitcore.datasets import cifar10, sketch


def labels(source: str) -> np.ndarray:
    """The true label of each image, (N,).

    Raises:
        DataError, OSError: when CIFAR-10 cannot be opened.
    """
    if source == "cifar10":
        return _cifar10()[1]
    return np.arange(WHOLE) % len(CLASS_NAMES)


def images(source: str, numbers: np.ndarray | list[int]) -> np.ndarray:
    """Some of the images: (n, 32, 32, 3) uint8.

    Raises:
        DataError, OSError: when CIFAR-10 cannot be opened.
    """
    numbers = [int(number) for number in numbers]
    if not numbers:
        return np.zeros((0, 32, 32, 3), np.uint8)
    if source == "cifar10":
        return _cifar10()[0][numbers]
    return np.stack([_sketch(number) for number in numbers])


def place(source: str, number: int) -> tuple[str, int]:
    """Where the sidebar lists an image: its class, and its index within the class."""
    of = labels(source)
    truth = int(of[number])
    return CLASS_NAMES[truth], int((of[:number] == truth).sum())


@st.cache_data(max_entries=256, show_spinner=False)
def _sketch(number: int) -> np.ndarray:
    return sketch(number)[0]


@st.cache_resource(show_spinner=False)
def _cifar10() -> tuple[np.ndarray, np.ndarray]:
    return cifar10("test")
