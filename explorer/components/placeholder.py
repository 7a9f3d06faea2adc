"""What stands in a figure's place while it has nothing to show."""

import html
from typing import Any, Literal

import streamlit as st

from explorer.results import Failure, Pending, Ready

_PAGE = """<style>
.figure-state {{ box-sizing: border-box; display: flex;
  flex-direction: column; justify-content: center; gap: .25rem; padding: 1rem 1.25rem;
  border: 1px dashed color-mix(in srgb, currentColor 32%, transparent); border-radius: 4px; }}
.figure-state.error {{ border-style: solid; border-left: 4px solid; }}
.figure-state p {{ margin: 0; max-width: 75ch; }} .figure-state b {{ font-weight: 600; }}
.figure-state .bar {{ height: 4px; margin-top: .6rem; border-radius: 2px; overflow: hidden;
  background: color-mix(in srgb, currentColor 14%, transparent); }}
.figure-state .bar i {{ display: block; height: 100%; background: currentColor; opacity: .6; }}
</style>
<div class="figure-state {kind}" style="min-height: {height}px" role="{role}">
<p><b>{what}</b></p>{then}{bar}</div>"""


def figure_state(
    kind: Literal["empty", "loading", "error"],
    what: str,
    then: str,
    *,
    height: int = 180,
    done: float | None = None,
) -> None:
    """Say in place of a figure what is missing, and what to do.

    Args:
        kind: how the frame looks; an error is also announced to screen readers at once.
        what: the first sentence: what is missing.
        then: the second: what to do; "" where there is nothing to say.
        height: pixels; the figure's own, so that nothing jumps when it arrives.
        done: progress from 0 to 1, where it is known.

    Raises:
        ValueError: for any other kind.
    """
    if kind not in ("empty", "loading", "error"):
        raise ValueError(f"kind must be 'empty', 'loading' or 'error', got {kind!r}")
    bar = ""
    if done is not None:
        share = 100 * min(1.0, max(0.0, done))
        bar = f'<div class="bar"><i style="width:{share:.0f}%"></i></div>'
    st.html(
        _PAGE.format(
            height=int(height),
            kind=kind,
            role="alert" if kind == "error" else "status",
            what=html.escape(what),
            then=f"<p>{html.escape(then)}</p>" if then else "",
            bar=bar,
        )
    )


def placeholder(result: Ready[Any] | Pending | Failure, *, height: int = 180) -> None:
    """Say in place of a figure what is awaited, or what went wrong; nothing where it is ready.

    Args:
        result: of the question to the model.
        height: pixels; the figure's own, so that nothing jumps when it arrives.
    """
    if isinstance(result, Pending):
        figure_state("loading", result.message, result.hint, height=height, done=result.progress)
    elif isinstance(result, Failure):
        figure_state("error", result.message, result.hint, height=height)
