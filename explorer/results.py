"""What a question to a model gives: its value, or what stands in the value's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from explorer.text.language import tr

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Pending:
    """A result is being computed: what is done now, a hint or "", and the progress."""

    message: str
    hint: str = ""
    progress: float | None = None  # from 0 to 1, where it is known

    @property
    def value(self) -> None:
        return None

    def map(self, function: Callable[[Any], Any]) -> Pending:  # noqa: ARG002 - as of `Ready`
        return self


@dataclass(frozen=True, slots=True)
class Failure:
    """There is no result: what happened, and what to do.

    Attributes:
        message: what happened, in a page's language, or in English where no page asks.
        hint: what to do.
        values: of the message's placeholders; `said` puts them in.
    """

    message: str
    hint: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self) -> Failure:
        """The same in the language of the page."""
        return Failure(tr(self.message, **self.values), tr(self.hint) if self.hint else "")

    @property
    def value(self) -> None:
        return None

    def map(self, function: Callable[[Any], Any]) -> Failure:  # noqa: ARG002 - as of `Ready`
        return self


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """A result; `pending` says what of it is still being computed, None where it is complete."""

    value: T
    pending: Pending | None = None

    def map(self, function: Callable[[T], U]) -> Ready[U]:
        """The same of another value."""
        return Ready(function(self.value), self.pending)


Result: TypeAlias = Ready[T] | Pending | Failure


def all_ready(*results: Result[Any]) -> Result[tuple[Any, ...]]:
    """Their values as one; or the first failure, or else the first that is pending."""
    for kind in (Failure, Pending):
        for result in results:
            if isinstance(result, kind):
                return result
    ready = [result for result in results if isinstance(result, Ready)]
    pending = next((result.pending for result in ready if result.pending), None)
    return Ready(tuple(result.value for result in ready), pending)
