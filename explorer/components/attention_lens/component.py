"""The lens: for the patch under the pointer, where every head of every block looks."""

from collections.abc import Callable

import streamlit as st

from explorer.components.attention_lens.lens_state import LensState, Link
from explorer.components.attention_lens.messages import (
    sent_changes,
    sent_seed,
    sent_view,
)
from explorer.components.attention_lens.payload import Shown, output_payload, placeholder_payload
from explorer.components.declared import declare
from explorer.components.pipeline.component import fingerprint
from explorer.records import ModelOutput
from explorer.results import Ready, Result
from explorer.selection import Selection
from explorer.text.language import current
from vitcore.config import ViTConfig
from vitcore.interpret.selective_head import SelectiveHead

__all__ = [
    "LensState",
    "Link",
    "lens",
    "prefix_names",
    "sent_changes",
    "sent_seed",
    "sent_view",
]

_lens = declare("attention_lens", keeps=("view", "changes"))


def lens(
    result: Result[ModelOutput],
    selection: Selection,
    *,
    start: SelectiveHead | None,
    before: ModelOutput | None = None,
    adopt: str = "",
    link: Link | None = None,
    look: tuple[str, int, int] | None = None,
    key: str = "lens",
    on_view: Callable[[], None] | None = None,
    on_change: Callable[[], None] | None = None,
) -> None:
    """Draw the image, one map of attention per head of each block, and the answer.

    Pointing and opacity stay in the browser; direction, scale, the map shown large and
    changes come back.

    Args:
        result: the forward pass with the selection's intervention.
        selection: what it is about.
        start: the map shown large and the patch that looks while nothing is pinned; needed where
            `result` is ready.
        before: the forward pass without the intervention, where there is one.
        adopt: a name that is new where others than the lens made the changes: those are taken,
            though more was asked for here meanwhile.
        link: what a link asks for, once.
        look: an id that is new for each wish, and the block and head to show large: for figures
            beside the lens in which a head can be chosen.
        key: widget key.
        on_view: called when direction, scale or the map shown large was chosen;
            `sent_view(st.session_state[key], ...)` has it.
        on_change: called when something was switched off, erased or moved;
            `sent_changes(st.session_state[key], ...)` has it.
    """
    config = selection.config
    shown = Shown(
        of=selection.key,
        changes=selection.intervention,
        truth=selection.truth,
        names=prefix_names(result.value, config),
        pooling=config.pooling if config else "mean",
        placed=config is None or config.positions != "none",
        pixels=(config or ViTConfig()).image_size,
        place=(start.block, start.head, start.patch) if start else (0, 0, 0),
        adopt=adopt,
        link=link,
        look=look,
    )
    if isinstance(result, Ready):
        marks = fingerprint(result.value), None if before is None else fingerprint(before)
        data = _packed(marks, current(), repr(shown), shown, result.value, before)
    else:
        data = placeholder_payload(result, selection, shown=shown)
    _lens(data, key=key, view=on_view, changes=on_change)


def prefix_names(output: ModelOutput | None, config: ViTConfig | None) -> tuple[str, ...]:
    """What the tokens before the patches are called, in their order; in English, as keys."""
    known = config.num_prefix_tokens if config else 0
    count = output.num_prefix_tokens if output is not None else known
    first = ("class",) if count and (config is None or config.pooling == "class") else ()
    return first + tuple(f"register {number + 1}" for number in range(count - len(first)))


@st.cache_data(max_entries=12, show_spinner=False)
def _packed(
    marks: tuple[str, str | None],
    language: str,  # noqa: ARG001 - of its words
    words: str,  # noqa: ARG001 - `shown` as a key: another header, another payload
    _shown: Shown,
    _output: ModelOutput,
    _before: ModelOutput | None,
) -> bytes:
    return output_payload(_output, name=marks[0], shown=_shown, before=_before)
