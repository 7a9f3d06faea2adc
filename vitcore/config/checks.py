"""What a field of a configuration may be, as a table's entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from numbers import Real
from typing import Any

from vitcore.messages import short_number

Check = Callable[[str, Any], None]  # takes a field's name and value


class FieldError(ValueError):
    """A value that a field of a configuration cannot have.

    Args:
        field: its name.
        rule: what it must be, and the value received; the message is both.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}")
        self.field, self.rule = field, rule


def check_fields(config: Any, checks: Mapping[str, Check]) -> None:
    """Check each field that the table names.

    Raises:
        FieldError: for the first one that does not hold.
    """
    for name, check in checks.items():
        check(name, getattr(config, name))


def one_of(*allowed: str) -> Check:
    def check(name: str, value: Any) -> None:
        if value not in allowed:
            named = ", ".join(filter(None, allowed))  # "" stands for leaving it out
            raise FieldError(name, f"must be one of {named}, got {value!r}")

    return check


def integer(least: int, most: int | None = None) -> Check:
    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            got = short_number(value) if isinstance(value, int) else repr(value)
            raise FieldError(name, f"must be an integer >= {least}, got {got}")
        if most is not None and value > most:
            raise FieldError(name, f"must be an integer <= {most:,}, got {short_number(value)}")

    return check


def number(rule: str = "", holds: Callable[[Any], bool] | None = None) -> Check:
    """A number for which `holds` is true; `rule` says in words when it is."""

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise FieldError(name, f"must be a number, got {value!r}")
        if holds is not None and not holds(value):
            raise FieldError(name, f"must be {rule}, got {short_number(value)}")

    return check


def string(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise FieldError(name, f"must be a string, got {value!r}")


def several(name: str, value: Any) -> None:
    if not isinstance(value, tuple):
        raise FieldError(name, f"must be a list, got {value!r}")


def made_from(kind: type, values: dict[str, Any]) -> Any:
    """A record from a dict of its fields, in which lists stand for tuples.

    Raises:
        TypeError: for a field that the record does not have.
    """
    if not isinstance(values, dict):
        raise TypeError(f"{kind.__name__} fields must be a dict, got {type(values).__name__}")
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        named = ", ".join(map(repr, unknown))
        raise TypeError(f"unknown {kind.__name__} field{'s'[: len(unknown) > 1]}: {named}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
