"""Sentences for people about what went wrong, made from what the system says."""

import errno
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any

_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR)
_LONG = 10**16  # from here on three digits of a number and its power are said


def short_number(value: Any) -> str:
    """A number as it is read most easily: 12,345, 0.5, 1e300. Of anything else its `repr`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return repr(value)
    if isinstance(value, Integral):
        whole = int(value)
        text = f"{whole:,}" if abs(whole) < _LONG else f"{Decimal(whole):.2e}"
    else:
        number = float(value)
        few = number.is_integer() and abs(number) < _LONG
        text = f"{number:,.0f}" if few else f"{number:.6g}"
    digits, e, power = text.partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}" if e else text


def as_sentence(text: str) -> str:
    """`text` with a capital at its start and one full stop; a file's name stays as it is."""
    text = text.strip().rstrip(".")
    if text.endswith("。"):
        return text
    first = text.split(maxsplit=1)[:1]
    if first and "." not in first[0]:
        text = text[0].upper() + text[1:]
    return f"{text}."


def os_error_reason(error: OSError) -> str:
    """What the system says of a file, without its number: "permission denied"."""
    if error.errno in _IN_THE_WAY:
        return "a file is in the way"
    text = error.strerror or str(error) or "could not be opened"
    return text[0].lower() + text[1:]


def unusable_folder(folder: str | Path, error: OSError, *, instead: str) -> str:
    """Why nothing can be written into `folder`, and what to set `instead`."""
    return f"folder {folder} cannot be used: {os_error_reason(error)}. Set {instead} to another one"
