"""The microscope of the Encoder page: one block, stage by stage."""

from __future__ import annotations

from collections.abc import Callable

from explorer.components.declared import declare
from explorer.components.encoder.payload import STAGES

_microscope = declare("encoder", sends=("goto",), keeps=("view",))


def microscope(data: bytes, *, key: str, on_view: Callable[[], None] | None = None) -> str | None:
    """Draw what `block_payload` packed; token and numbers stay in the browser.

    Args:
        data: the payload.
        key: widget key.
        on_view: called before the next run when a block or a stage was chosen;
            `sent_view(st.session_state[key], depth)` has it.

    Returns:
        The page that was asked for just now, or None.
    """
    result = _microscope(data, key=key, view=on_view)
    return result.goto if result.goto == "self_attention" else None


def sent_view(result: object, depth: int) -> tuple[int, str] | None:
    """The block, from 0, and the stage that were chosen; None for what cannot be."""
    view = getattr(result, "view", None)
    if not isinstance(view, (list, tuple)) or len(view) != 2:
        return None
    block, stage = view
    if isinstance(block, bool) or not isinstance(block, int):
        return None
    return (block, stage) if 0 <= block < depth and stage in STAGES else None
