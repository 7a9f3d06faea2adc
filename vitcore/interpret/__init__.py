"""What a trained model has inside, computed from arrays alone: pure NumPy, tested by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def takes_trace(of: str, *others: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function take a `Trace` in place of its first argument.

    Args:
        of: the trace's array that becomes the first argument.
        others: arguments that the trace gives where the caller does not.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(given: Any, *arguments: Any, **options: Any) -> Any:
            if not hasattr(given, of):
                return function(given, *arguments, **options)
            known = {name: getattr(given, name) for name in others[len(arguments) :]}
            return function(getattr(given, of), *arguments, **{**known, **options})

        return call

    return decorate
