"""A model's training as a film: positions, filters, attention and answer, moved by one scrubber."""

from explorer.components.declared import declare
from explorer.components.replay.payload import Film, replay_payload

__all__ = ["FILES", "Film", "replay", "replay_payload"]

FILES = {"folder": "replay", "scripts": ("panels", "replay")}

_replay = declare("replay", **FILES)


def replay(data: bytes, *, key: str) -> None:
    """Draw what `replay_payload` packed; the moment shown and the block stay in the browser."""
    _replay(key=key, data=data, height="content")
