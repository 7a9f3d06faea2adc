"""Times, epochs, losses and rates as a person writes them."""


def duration(seconds: float) -> str:
    """Seconds as 40 s, 2 min, 1.5 h or 3 days."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    days = seconds / 86_400
    return f"{days:.0f} days" if days < 800 else f"{days / 365:,.0f} years"


def clock(seconds: float) -> str:
    """Seconds as 0:41 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_epochs(epochs: float) -> str:
    """How many, with their noun."""
    number = epoch(epochs)
    return f"{number} epoch" if number == "1" else f"{number} epochs"


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
