"""A model's training as a film: positions, filters, attention and answer, moved by one scrubber."""

from explorer.components.declared import declare
from explorer.components.timeline.payload import Film, replay_payload

__all__ = ["Film", "replay", "replay_payload"]

_replay = declare("timeline")


def replay(data: bytes, *, key: str) -> None:
    """Draw what `replay_payload` packed; the moment shown and the block stay in the browser."""
    _replay(data, key=key)
