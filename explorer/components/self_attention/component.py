"""The attention machine of the Self-attention page."""

from collections.abc import Callable

from explorer.components.declared import declare

_machine = declare("self_attention", sends=("block", "input"))


def machine(
    data: bytes,
    *,
    key: str,
    on_block: Callable[[], None] | None = None,
    on_input: Callable[[], None] | None = None,
) -> None:
    """Draw the attention machine: the small example, or the activations of the image.

    What is edited and chosen stays in the browser; another block or input comes back.

    Args:
        data: from `block_payload` or `placeholder_payload`.
        key: widget key.
        on_block: called before the next run when another block was chosen;
            `sent_block(st.session_state[key], blocks)` has it.
        on_input: called when the example or the image was chosen; `input` says which.
    """
    _machine(data, key=key, block=on_block, input=on_input)


def sent_block(result: object, blocks: int) -> int | None:
    """The block that was chosen, or None for what no block is."""
    sent = getattr(result, "block", None)
    if isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent < blocks:
        return sent
    return None
