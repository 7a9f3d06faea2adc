"""The figures of the Self-attention page: the machine, the experiment on scaling, many heads."""

from collections.abc import Callable

from explorer.components.declared import declare, no_callback
from explorer.components.packing import pack
from explorer.components.self_attention.payload import (
    block_payload,
    fingerprint,
    waiting_payload,
)

__all__ = [
    "block_payload",
    "fingerprint",
    "machine",
    "many_heads",
    "scaling",
    "sent_block",
    "waiting_payload",
]

# What each script consists of, in order. Those in the first line draw nothing.
_ARITHMETIC = ("arithmetic", "words", "example")
_DRAWING = ("cells", "strips", "lines")
_MACHINE = (
    "numpy",
    "layout",
    "machine_links",
    "editing",
    "playing",
    "example_view",
    "picture_view",
)
FILES = {
    "machine": {
        "folder": "self_attention",
        "scripts": (*_ARITHMETIC, *_DRAWING, *_MACHINE, "machine"),
    },
    "many_heads": {
        "folder": "self_attention",
        "scripts": (*_ARITHMETIC, *_DRAWING, "heads_layout", "many_heads"),
    },
    "scaling": {"folder": "self_attention", "scripts": ("arithmetic", "words", "scaling")},
}
_machine, _many_heads, _scaling = (declare(name, **FILES[name]) for name in FILES)


def machine(data: bytes, *, key: str, on_block: Callable[[], None] | None = None) -> None:
    """Draw the attention machine: the small example, or the activations of the image.

    What is edited and chosen stays in the browser; another block comes back.

    Args:
        data: from `block_payload` or `waiting_payload`.
        key: widget key.
        on_block: called before the next run when another block was chosen;
            `sent_block(st.session_state[key], blocks)` has it.
    """
    _machine(key=key, data=data, on_block_change=on_block or no_callback, height="content")


def sent_block(result: object, blocks: int) -> int | None:
    """The block that was chosen, or None for what no block is."""
    sent = getattr(result, "block", None)
    if isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent < blocks:
        return sent
    return None


def many_heads(*, key: str) -> None:
    """Draw several heads over the tokens of the machine, joined and projected."""
    _many_heads(key=key, data=pack("many_heads", {}), height="content")


def scaling(*, key: str) -> None:
    """Draw why scores are divided by the root of their width; it needs no model."""
    _scaling(key=key, data=pack("scaling", {}), height="content")
