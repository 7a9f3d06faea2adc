"""Numbers as a person writes them: small ones, and signed ones."""

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
