"""The microscope of the Encoder page: one block, stage by stage."""

from __future__ import annotations

from collections.abc import Callable

from explorer.components.declared import declare

_microscope = declare("encoder", sends=("goto",), keeps=("view",))


def microscope(
    data: bytes | None, *, key: str, on_view: Callable[[], None] | None = None
) -> str | None:
    """Draw what `block_payload` packed; token and numbers stay in the browser.

    Args:
        data: the payload; None for the one that the window has.
        key: widget key.
        on_view: called before the next run when a block, a stage, rows or terms were chosen;
            `view` has them by the names of the URL's fields.

    Returns:
        The page that was asked for just now, or None.
    """
    result = _microscope(data, key=key, view=on_view)
    return result.goto if result.goto == "self_attention" else None
