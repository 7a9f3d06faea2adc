"""Why scores are divided by the root of their width."""

from explorer.components.declared import declare
from explorer.components.packing import pack

_scaling = declare("scaling")


def scaling(*, key: str) -> None:
    """Draw the experiment; it needs no model."""
    _scaling(pack("scaling", {}), key=key)
