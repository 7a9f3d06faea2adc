"""What the card of a guided tour is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer import navigation
from explorer.components import pack
from explorer.tours import Step, Tour, presenting

_NUMBERS = ("key", "shares", "heads", "changes", "ranks")  # of facts, that questions draw on
_NAME = re.compile(r"\{(\w+)\}")


def tour_payload(
    route: Tour,
    number: int,
    *,
    found: Mapping[str, Any],
    here: bool,
    grid: tuple[int, int],
    seen: np.ndarray,
    basis: str = "",
) -> bytes:
    """What the card shows of one step.

    Args:
        route: the tour.
        number: of the step, from 0.
        found: its facts; "waiting" where they are not known yet.
        here: whether the step's page is the one that is shown.
        grid: of patches.
        seen: (side, side, 3) uint8, the model input.
        basis: what a prediction is about: image and model.
    """
    step, place = route.steps[number], "there" if here else "away"
    header: dict[str, Any] = {
        "tour": route.id,
        "number": number,
        "of": len(route.steps),
        "step": step.id,
        "page": navigation.title_of(step.page),
        "section": step.section,
        "title": step.title,
        "here": here,
        "waiting": found.get("waiting", ""),
        "text": filled(step.text, found),
        "ring": list(step.ring),
        "clicks": list(step.clicks),
        "pin": found.get("pin") if step.pin == "fact" else None,
        "links": [list(link) for link in step.links],
        "marks": [[one.title, one.ask is not None, one.id] for one in route.steps],
        "grid": list(grid),
        "size": list(seen.shape[:2]),
        "ask": _asked(step, found),
        "basis": basis,
        "present": presenting.on(),
        "rev": f"{route.id}.{number}-{place}-{'waits' if 'waiting' in found else ''}",
    }
    return pack("tour", header, rgb=np.ascontiguousarray(seen))


def _asked(step: Step, found: Mapping[str, Any]) -> dict[str, Any] | None:
    ask = step.ask
    if ask is None:
        return None
    return {
        "kind": ask.kind,
        "question": filled(ask.question, found),
        "options": list(found.get("options", ask.options)),
        "answer": found.get("answer"),
        "reveal": filled(ask.reveal, found),
        "why": filled(ask.why, found),
        "veil": list(ask.veil),
        "picker": ask.picker,
        "then": bool(ask.then),
        **{name: found[name] for name in _NUMBERS if name in found},
    }


def filled(words: str, found: Mapping[str, Any]) -> str:
    """Words with the values of their names; an ellipsis for what is not known yet."""
    return _NAME.sub(lambda name: str(found.get(name[1], "…")), words)
