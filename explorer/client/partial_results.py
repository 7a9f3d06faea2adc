"""Answers that come in parts, and what a reading is known by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.client.results import Problem, Reading, Waiting
from explorer.client.tasks.chunking import in_slices
from explorer.state import Picture


def in_parts(asks: list[Callable[..., Any]]) -> tuple[list[Any], Waiting | None] | Problem:
    """Ask for the parts of an answer, a few at a time.

    Returns:
        A list with None in the place of what is not there yet, and what is awaited, with the share
        that is done; or the Problem of one part.
    """
    answers = in_slices(asks)
    if isinstance(answers, Problem):
        return answers
    there = [None if isinstance(answer, Waiting) else answer for answer in answers]
    there += [None] * (len(asks) - len(there))
    awaited = next((answer for answer in answers if isinstance(answer, Waiting)), None)
    if awaited is None:
        return there, None
    known = sum(answer is not None for answer in there)
    done = known / len(asks) if awaited.done is None else awaited.done
    return there, Waiting(awaited.what, awaited.then, done)


def name_of(model: str, picture: Picture, reading: Reading) -> tuple:
    """What a reading is known by; with other weights it has other logits."""
    return model, picture.key, reading.patch_size, reading.logits.tobytes()
