"""Several heads over the tokens of the attention machine, joined and projected."""

from explorer.components.declared import declare
from explorer.components.packing import pack

_many_heads = declare("many_heads")


def many_heads(*, key: str) -> None:
    """Draw the heads; what is edited in the machine is shown here as well."""
    _many_heads(pack("many_heads", {}), key=key)
