"""The lens as one HTML file, with what is selected and changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.components.attention_lens.lens_state import LensState
from explorer.records import ModelOutput
from explorer.text.findings import UNDECIDED, percent
from explorer.url_values import shuffled
from explorer.views.attention.common import AnalysisContext
from vitcore.interpret.selective_head import selective_head
from vitcore.intervention import Intervention
from vitcore.lens import AttentionView
from vitcore.lens.initial import InitialView
from vitcore.lens.inputs import Tokens, prefix_names

_NAMED = 6  # patches, swaps or heads that are named one by one; of more, how many


def lens_html(context: AnalysisContext, output: ModelOutput, lens: LensState) -> str:
    """A document that opens offline.

    Args:
        context: what the page is about; `context.baseline` is the baseline.
        output: with the intervention of `lens`.
        lens: what is selected and changed.
    """
    has_class = context.baseline.patch_logits is None
    names = prefix_names(output.num_prefix_tokens, has_class=has_class)
    found = selective_head(
        context.baseline.attention, output.grid, num_prefix_tokens=output.num_prefix_tokens
    )
    pinned = context.selection.pinned
    changed = lens.changes != Intervention()
    return AttentionView(
        output.attention,
        output.image,
        Tokens(grid=output.grid, prefix=names),
        title=context.title,
        prediction=predictions(
            context.baseline.probabilities, output.probabilities if changed else None, context.names
        ),
        initial=InitialView(
            head=lens.head or (found.block, found.head),
            patch=found.patch if pinned is None else pinned,
            pinned=pinned is not None,
            to_key=lens.looked_at,
            shared_scale=lens.common,
            intervention=lens.changes,
            note=interventions(
                lens.changes, output.attention.shape[:2], output.grid, seed=lens.shuffle
            ),
        ),
    ).html()


def predictions(before: np.ndarray, now: np.ndarray | None, names: Sequence[str]) -> str:
    """The predicted class and its probability, of both forward passes where there are two.

    Args:
        before: (C,) probabilities, the baseline.
        now: (C,) with the intervention, where there is one.
        names: of the C classes.
    """
    said = _predicted(before, names)
    return said if now is None else f"{said} → {_predicted(now, names)}"


def _predicted(probabilities: np.ndarray, names: Sequence[str]) -> str:
    if float(np.ptp(probabilities)) < UNDECIDED:
        return "no clear prediction"
    top = int(probabilities.argmax())
    return f"{names[top]} {percent(float(probabilities[top]))}"


def interventions(
    changes: Intervention,
    shape: tuple[int, int],
    grid: tuple[int, int],
    *,
    seed: int | None = None,
) -> str:
    """What was changed in the forward pass, or "".

    Args:
        changes: all of it.
        shape: (blocks, heads).
        grid: (rows, columns) of patches.
        seed: of the last shuffle.
    """
    masked = [target for target, source in changes.patches.items() if source is None]
    parts = {
        "Ablated": _heads(changes.ablated_heads, shape),
        "Masked": _listed([_place(p, grid) for p in sorted(masked)], "patches"),
        **_moved(changes.patches, grid, seed),
        "Position embeddings": "" if changes.use_pos_embed else "off",
    }
    return " · ".join(f"{name}: {said}" for name, said in parts.items() if said)


def _heads(off: Sequence[tuple[int, int]], shape: tuple[int, int]) -> str:
    blocks, heads = shape
    if len(off) == blocks * heads:
        return "all heads"
    names = []
    for block in range(blocks):
        inside = [head for at, head in sorted(off) if at == block]
        whole = len(inside) == heads
        names += (
            [f"block {block + 1} (all heads)"]
            if whole
            else [f"L{block + 1}H{h + 1}" for h in inside]
        )
    return _listed(names, "heads", count=len(off))


def _moved(
    patches: Mapping[int, int | None], grid: tuple[int, int], seed: int | None
) -> dict[str, str]:
    moved = {target: source for target, source in patches.items() if source is not None}
    if not moved:
        return {}
    order = [] if seed is None else shuffled(seed, grid[0] * grid[1])
    if order and all(patches.get(p, p) in (source, None) for p, source in enumerate(order)):
        return {"Shuffled": f"all patches (seed {seed})"}
    swaps = [(a, b) for a, b in sorted(moved.items()) if a < b and moved.get(b) == a]
    if 2 * len(swaps) == len(moved):
        names = [f"{_place(a, grid)} ↔ {_place(b, grid)}" for a, b in swaps]
        return {"Swapped": _listed(names, "patches", count=len(moved))}
    return {"Moved": _listed([_place(p, grid) for p in sorted(moved)], "patches")}


def _listed(names: Sequence[str], what: str, *, count: int | None = None) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{count or len(names)} {what}"


def _place(patch: int, grid: tuple[int, int]) -> str:
    row, column = divmod(patch, grid[1])
    return f"({row + 1}, {column + 1})"
