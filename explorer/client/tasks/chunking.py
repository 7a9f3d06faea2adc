"""Long work cut into slices, between which the worker is free for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.client.results import Problem, Waiting
from vitcore.config import ViTConfig
from vitcore.flops import flops

_AHEAD = 8  # slices that are asked for before the page runs again
_NEWS = 5  # of these, the one after which it does
SLICE_WORK = 24e9  # operations, some 0.2 s on two cores: other questions wait no longer


def slice_size(config: ViTConfig, patch_size: int, passes: int) -> int:
    """Pictures in one slice, each of so many passes."""
    work = passes * sum(flops(config, patch_size).values())
    return int(min(max(SLICE_WORK // work, 1), 20))


def in_slices(asks: list[Callable[..., Any]]) -> list[Any] | Problem:
    """Ask for slices in order, a few at a time; the answers, or Waiting in the place of one.

    The page runs again when the one has come that is heeded, and those after it keep the worker
    busy meanwhile. The answers end where no more is asked for.
    """
    while True:
        answers: list[Any] = []
        late: list[int] = []
        for number, ask in enumerate(asks):
            answers.append(ask(heeded=False))
            if isinstance(answers[-1], Problem):
                return answers[-1]
            if isinstance(answers[-1], Waiting):
                late.append(number)
                if len(late) == _AHEAD:
                    break
        if not late:
            return answers
        heeded = late[min(_NEWS, len(late)) - 1]
        if isinstance(asks[heeded](heeded=True), Waiting):
            return answers
        # It came between the two questions: look again, or nothing would be news.
