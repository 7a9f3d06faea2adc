"""What the classes of a model are called."""

from __future__ import annotations

from vitcore.config import CLASS_NAMES


def class_names(count: int) -> tuple[str, ...]:
    """CIFAR-10's names for ten classes; of a model with fewer or more only numbers are known."""
    if count == len(CLASS_NAMES):
        return CLASS_NAMES
    return tuple(f"class {index}" for index in range(count))
