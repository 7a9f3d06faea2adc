"""Long work cut into parts, between which the worker is free for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.results import Failure, Pending, Ready, Result

_AHEAD = 8  # parts that are asked for before the page runs again
_NEWS = 5  # of these, the one after which it does


def in_parts(asks: list[Callable[..., Result[Any]]]) -> Ready[list[Any]] | Failure:
    """Ask for the parts of a result in order, a few at a time.

    The page runs again when the one has come that notifies, and those after it keep the worker
    busy meanwhile.

    Args:
        asks: each is called with `notify=`.

    Returns:
        A list with None in the place of what is not there yet, and with it what is pending, with
        the share that is done; or the failure of one part.
    """
    while True:
        parts: list[Any] = []
        late: list[tuple[int, Pending]] = []
        for number, ask in enumerate(asks):
            result = ask(notify=False)
            if isinstance(result, Failure):
                return result
            parts.append(result.value)
            if isinstance(result, Pending):
                late.append((number, result))
                if len(late) == _AHEAD:
                    break
        if not late:
            return Ready(parts)
        notifying = late[min(_NEWS, len(late)) - 1][0]
        if isinstance(asks[notifying](notify=True), Pending):
            break
        # It came between the two questions: look again, or nothing would be news.
    parts += [None] * (len(asks) - len(parts))
    known = sum(part is not None for part in parts)
    first = late[0][1]
    progress = known / len(asks) if first.progress is None else first.progress
    return Ready(parts, Pending(first.message, first.hint, progress))
