"""What prefix tokens are called: those before the patches."""

from __future__ import annotations

from explorer.text.findings import counted


def prefix_words(prefix: int, *, class_token: bool) -> str:
    """Those of a model, all together.

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
    """Each kind with its number, such as ["1 class token", "4 registers"]; arguments as above."""
    registers = prefix - class_token if prefix else 0
    named = ["1 class token"] if prefix and class_token else []
    return named + ([counted(registers, "register")] if registers else [])
