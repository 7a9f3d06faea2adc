"""What people hand over, of any library, as NumPy, Python integers and plain text."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from typing import Any

import numpy as np


def as_array(name: str, given: Any) -> np.ndarray:
    """An array of any framework as NumPy, of booleans, integers or floats.

    Args:
        name: of the argument, for the sentence.
        given: an array, or nested lists of arrays and numbers.

    Raises:
        TypeError: where there are no such values to be read.
    """
    try:
        array = np.asarray(_on_the_host(given))
        return array if array.dtype.kind in "biuf" else array.astype(np.float32)  # bfloat16
    except Exception as problem:  # each framework has its own for what is symbolic, sparse, deleted
        raise TypeError(
            f"{name} could not be read as an array ({type(given).__name__}). "
            "Pass a dense array with values, e.g. of NumPy."
        ) from problem


def _on_the_host(given: Any) -> Any:
    """Of PyTorch or TensorFlow as NumPy, in lists as well; the rest NumPy reads itself."""
    if is_nested(given):
        return [_on_the_host(one) for one in given]
    if hasattr(given, "detach"):  # PyTorch, whose bfloat16 NumPy does not know
        given = given.detach()
        return (given.float() if given.is_floating_point() else given).cpu().numpy()
    return given.numpy() if hasattr(given, "numpy") else given


def is_nested(given: Any) -> bool:
    """Whether it is a list of any kind, PyTorch's ParameterList too, and no array or text."""
    return (
        isinstance(given, Iterable)
        and not hasattr(given, "__array__")
        and not hasattr(given, "shape")
        and not isinstance(given, str | bytes)
    )


def whole(number: Any) -> int:
    """An integer of any library.

    Raises:
        TypeError: for other numbers, booleans included.
    """
    if isinstance(number, bool):
        raise TypeError("a boolean is no number")
    return operator.index(number)


def as_words(text: Any) -> str:
    """Text on one line that every encoding can hold and that turns no text after it around."""
    plain = re.sub("[\u202a-\u202e\u2066-\u2069]", "", str(text))
    return " ".join(plain.split()).encode(errors="replace").decode()
