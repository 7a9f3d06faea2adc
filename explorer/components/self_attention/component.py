"""The attention machine of the Self-attention page."""

from collections.abc import Callable

from explorer.components.declared import declare

_machine = declare("self_attention", sends=("block", "view"))


def machine(
    data: bytes,
    *,
    key: str,
    on_block: Callable[[], None] | None = None,
    on_view: Callable[[], None] | None = None,
) -> None:
    """Draw the attention machine: the small example, or the activations of the image.

    What is edited and chosen is drawn by the browser; it comes back for the link.

    Args:
        data: from `block_payload` or `placeholder_payload`.
        key: widget key.
        on_block: called before the next run when another block was chosen;
            `sent_block(st.session_state[key], blocks)` has it.
        on_view: called when anything else was; `view` has what is not as it is by default, by the
            names of the URL's fields.
    """
    _machine(data, key=key, block=on_block, view=on_view)


def sent_block(result: object, blocks: int) -> int | None:
    """The block that was chosen, or None for what no block is."""
    sent = getattr(result, "block", None)
    if isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent < blocks:
        return sent
    return None
