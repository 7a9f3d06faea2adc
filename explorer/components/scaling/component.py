"""Why scores are divided by the root of their width."""

from collections.abc import Callable, Mapping
from typing import Any

from explorer.components.declared import declare
from explorer.components.packing import pack

_scaling = declare("scaling", sends=("view",))


def scaling(
    asked: Mapping[str, Any], *, key: str, on_view: Callable[[], object] | None = None
) -> None:
    """Draw the experiment; it needs no model.

    Args:
        asked: what a link asks for, from `state.asked`.
        key: widget key.
        on_view: called when something was chosen; `view` has what is not as it is by default.
    """
    _scaling(pack("scaling", {"asked": asked}), key=key, view=on_view)
