"""What classes, datasets and prefix tokens are called on pages."""

from __future__ import annotations

from explorer.text.findings import counted
from vitcore.config import CLASS_NAMES

# In URLs, cards and configs they go by the keys.
DATASET_NAMES = {"cifar10": "CIFAR-10", "sketch10": "sketch10"}


def class_names(count: int) -> tuple[str, ...]:
    """CIFAR-10's for ten classes; "class 0" and so on for a model with fewer or more."""
    if count == len(CLASS_NAMES):
        return CLASS_NAMES
    return tuple(f"class {index}" for index in range(count))


def prefix_words(prefix: int, *, class_token: bool) -> str:
    """The prefix tokens of a model, all together.

    Args:
        prefix: how many there are, at least one.
        class_token: whether the first is the class token; the others are registers.
    """
    registers = prefix - class_token
    if not registers:
        return "the class token"
    words = "register" if registers == 1 else "registers"
    return f"the class token and {words}" if class_token else f"the {words}"


def prefix_counts(prefix: int, *, class_token: bool) -> list[str]:
    """Each kind of prefix token with its number, such as ["1 class token", "4 registers"].

    Args:
        prefix: how many there are.
        class_token: whether there is a class token; the others are registers.
    """
    registers = prefix - class_token if prefix else 0
    named = ["1 class token"] if prefix and class_token else []
    return named + ([counted(registers, "register")] if registers else [])
