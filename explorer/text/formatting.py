"""Numbers, times, epochs and rates as text; and what counts as a number at all."""

import math
from typing import Any

from explorer.text.language import tr
from vitcore.lens.words import fixed

_ROUNDING = 1e-4  # difference that float32 rounding can explain
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def duration(seconds: float) -> str:
    """Seconds as 40 s, 2 min, 1.5 h or 3 days."""
    if seconds < 90:
        return tr("{seconds} s", seconds=max(1, round(seconds)))
    if seconds < 5400:
        return tr("{minutes} min", minutes=f"{seconds / 60:.0f}")
    if seconds < 48 * 3600:
        return tr("{hours} h", hours=f"{seconds / 3600:.1f}")
    days = seconds / 86_400
    if days < 800:
        return tr("{days} days", days=f"{days:.0f}")
    return tr("{years} years", years=f"{days / 365:,.0f}")


def clock(seconds: float) -> str:
    """Seconds as 0:41 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_epochs(epochs: float) -> str:
    """How many, with their noun."""
    number = epoch(epochs)
    if number == "1":
        return tr("{count} epoch", count=number)
    return tr("{count} epochs", count=number)


def epoch(epochs: float) -> str:
    """2.4, and 3 for 3.0."""
    return f"{epochs:.1f}".removesuffix(".0")


def loss(value: float) -> str:
    """A loss as 1.83, and a diverging one as 5.8e9."""
    return f"{value:.2f}" if abs(value) < 1000 else short(float(f"{value:.2g}"))


def short(value: float) -> str:
    """A number as a person types it: 0.001, 1e9."""
    digits, e, power = f"{value:g}".partition("e")
    return f"{digits}e{int(power)}" if e else digits


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
    number = small_number(value)
    if 0 < value < _ROUNDING:
        return tr("max. difference {number}, rounding", number=number)
    return tr("max. difference {number}", number=number)


def signed(value: float) -> str:
    """Two decimals with a real minus sign, and none before 0.00."""
    digits = fixed(abs(value), 2)
    return f"−{digits}" if value < 0 and digits != "0.00" else digits


def is_number(value: Any) -> bool:
    """Whether it can be counted with: a file may hold anything, and JSON knows NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1."""
    return is_number(value) and 0 <= value <= 1
