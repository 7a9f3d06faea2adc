"""What the tokens are called that no patch became."""

from __future__ import annotations


def prefix_words(prefix: int, *, class_token: bool) -> str:
    """All of them together.

    Args:
        prefix: how many there are, at least one.
        class_token: whether the first is the class token; the others are registers.
    """
    registers = prefix - class_token
    if not registers:
        return "the class token"
    words = "register" if registers == 1 else "registers"
    return f"the class token and {words}" if class_token else f"the {words}"
