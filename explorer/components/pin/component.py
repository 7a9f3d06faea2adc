"""What carries the pinned token between Python and the figures of the window; nothing is drawn."""

from __future__ import annotations

from collections.abc import Callable

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.selection import Pin
from explorer.text import language

_messenger = declare("pin", sends=("pinned",))


def pin_messenger(asked: Pin | None, *, mark: str, key: str, on_pin: Callable[[], None]) -> None:
    """Let the figures pin what a link asks for, and hear of what is pinned in them.

    The window is also told its language, which a browser chooses letters and a voice by.

    Args:
        asked: what the last link asked for.
        mark: new for each link that is followed: what it asks for holds once.
        key: widget key.
        on_pin: called before the next run when a token was pinned or unpinned;
            `sent_pin(st.session_state[key])` has it then.
    """
    head = {"mark": mark, "pinned": asked and [*asked], "language": language.current()}
    _messenger(pack("pin", head), key=key, pinned=on_pin)


def sent_pin(result: object) -> Pin | None:
    """The pinned token that JavaScript sent: [token, rows, columns], or [] for none."""
    sent = getattr(result, "pinned", None)
    if not isinstance(sent, (list, tuple)) or len(sent) != 3:
        return None
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in sent):
        return None
    pin, columns = Pin(*sent[:2]), sent[2]
    return pin if pin.side == columns and pin.exists else None
