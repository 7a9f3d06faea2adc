"""What classes, datasets and prefix tokens are called on pages."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.text.findings import counted
from explorer.text.language import N_, tr
from vitcore.config import CLASS_NAMES

_NUMBERED = "class {index}"
# `CLASS_NAMES`, as messages to be translated.
_CLASSES = (
    *(N_("airplane"), N_("automobile"), N_("bird"), N_("cat"), N_("deer")),
    *(N_("dog"), N_("frog"), N_("horse"), N_("ship"), N_("truck")),
)
# In URLs, cards and configs they go by the keys.
DATASET_NAMES = {"cifar10": "CIFAR-10", "sketch10": "sketch10"}


def class_names(count: int) -> tuple[str, ...]:
    """CIFAR-10's for ten classes; "class 0" and so on for a model with fewer or more.

    In English: URLs, files and options have them. `shown_names` are for a person.
    """
    if count == len(CLASS_NAMES):
        return CLASS_NAMES
    return tuple(_NUMBERED.format(index=index) for index in range(count))


def shown_name(name: str) -> str:
    """One of `class_names` in the language of the page."""
    word, _, index = name.rpartition(" ")
    return tr("class {index}", index=index) if word else tr(name)


def shown_names(names: Iterable[str] = CLASS_NAMES) -> tuple[str, ...]:
    """`class_names` in the language of the page."""
    return tuple(map(shown_name, names))


def prefix_words(prefix: int, *, class_token: bool) -> str:
    """The prefix tokens of a model, all together.

    Args:
        prefix: how many there are, at least one.
        class_token: whether the first is the class token; the others are registers.
    """
    registers = prefix - class_token
    if not registers:
        return tr("the class token")
    if not class_token:
        return tr("the register") if registers == 1 else tr("the registers")
    one = registers == 1
    return tr("the class token and register") if one else tr("the class token and registers")


def prefix_counts(prefix: int, *, class_token: bool) -> list[str]:
    """Each kind of prefix token with its number, such as ["1 class token", "4 registers"].

    Args:
        prefix: how many there are.
        class_token: whether there is a class token; the others are registers.
    """
    registers = prefix - class_token if prefix else 0
    named = [tr("1 class token")] if prefix and class_token else []
    return named + ([counted(registers, "register")] if registers else [])
