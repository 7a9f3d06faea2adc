"""Numbers as a person writes them: small ones, and signed ones; and what is one at all."""

import math
from typing import Any

_ROUNDING = 1e-4  # difference that float32 rounding can explain
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def small_number(value: float) -> str:
    """0.62 from a hundredth up, 3·10⁻⁷ below, 0 for nothing.

    Raises:
        ValueError: below zero.
    """
    if value < 0:
        raise ValueError(f"value must not be below 0, got {value}")
    if value == 0:
        return "0"
    if value >= 0.01:
        return f"{value:.2f}"
    digits, _, power = f"{value:.0e}".partition("e")
    return f"{digits}·10{str(int(power)).translate(_RAISED)}"


def max_difference(value: float) -> str:
    """How far two results are apart at most, and whether rounding alone explains it."""
    rounding = ", rounding" if 0 < value < _ROUNDING else ""
    return f"max. difference {small_number(value)}{rounding}"


def signed(value: float, *, plus: bool = False) -> str:
    """Two decimals with a real minus sign, and none before 0.00.

    Args:
        value: the number.
        plus: whether a positive number carries its sign.
    """
    digits = f"{abs(value):.2f}"
    if digits == "0.00":
        return digits
    return ("−" if value < 0 else "+" if plus else "") + digits


def is_number(value: Any) -> bool:
    """Whether it can be counted with: a file may hold anything, and JSON knows NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1."""
    return is_number(value) and 0 <= value <= 1
