"""The Attention page's finding: about the head that is shown large, or a changed prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from explorer.text.findings import UNDECIDED, percent
from explorer.text.language import N_, tr
from vitcore.interpret.selective_head import SelectiveHead, selective_head
from vitcore.intervention import Intervention
from vitcore.lens.inputs import prefix_names
from vitcore.lens.words import finding


def attention_finding(
    found: SelectiveHead,
    attention: np.ndarray,
    grid: tuple[int, int],
    *,
    prefix: int = 0,
    class_token: bool = True,
    head: tuple[int, int] | None = None,
    changes: Intervention | None = None,
    predictions: tuple[np.ndarray, np.ndarray] | None = None,
    names: Sequence[str] = (),
) -> str:
    """What the page shows, in one line.

    Args:
        found: the most selective head without interventions.
        attention: (L, H, T, T) that is shown, rows are queries and sum to 1.
        grid: (rows, columns) of patches; T = prefix + rows * columns.
        prefix: tokens before the patches.
        class_token: whether the first of these is the class token.
        head: the block and head that a person has chosen; by default that of `found`.
        changes: interventions.
        predictions: (C,) probabilities of the baseline and with `changes`, where there are any.
        names: of the C classes.
    """
    changes = changes or Intervention()
    block, number = head or (found.block, found.head)
    if not (block < attention.shape[0] and number < attention.shape[1]):
        block, number = found.block, found.head
    if predictions is not None:
        before, now = map(_predicted, predictions)
        if before != now or (block, number) in changes.ablated_heads:
            cause = _cause(changes, attention.shape[:2])
            return tr("{cause}: {moved}", cause=cause, moved=_moved(*predictions, names))
    tokens = prefix_names(prefix, has_class=class_token)
    if head is None and changes == Intervention():
        return finding(found, tokens, tr=tr)
    alone = attention[block : block + 1, number : number + 1]
    shown = replace(selective_head(alone, grid, num_prefix_tokens=prefix), block=block, head=number)
    said = finding(shown, tokens, tr=tr)
    place = {"block": block + 1, "head": number + 1}
    if shown.kind == "uniform":
        said = tr("Block {block}, head {head} is nearly uniform", **place)
    if shown.kind == "none":
        said = tr("Block {block}, head {head} shows no pattern", **place)
    if changes == Intervention():
        return said
    return tr("With interventions: {finding}", finding=f"{said[0].lower()}{said[1:]}")


def _predicted(probabilities: np.ndarray) -> int | None:
    """The predicted class, or None where all are equally probable."""
    return int(probabilities.argmax()) if float(np.ptp(probabilities)) >= UNDECIDED else None


def _moved(before: np.ndarray, now: np.ndarray, names: Sequence[str]) -> str:
    """The prediction without and with interventions: "frog 90% → cat 60%"."""
    was, is_ = _predicted(before), _predicted(now)
    first = _said(before, was, names)
    if was is not None and was == is_:
        return f"{first} → {percent(float(now[was]))}"
    return f"{first} → {_said(now, is_, names)}"


def _said(probabilities: np.ndarray, predicted: int | None, names: Sequence[str]) -> str:
    if predicted is None:
        return tr("no clear prediction")
    return f"{names[predicted]} {percent(float(probabilities[predicted]))}"


def _cause(changes: Intervention, shape: tuple[int, int]) -> str:
    """What was changed, as the beginning of a line."""
    heads, patches, positions = changes.ablated_heads, changes.patches, not changes.use_pos_embed
    if sum(map(bool, (heads, patches, positions))) > 1:
        return tr("With interventions")
    if positions:
        return tr("No position embeddings")
    if patches:
        one, several = N_("{count} patch changed"), N_("{count} patches changed")
        return tr(one if len(patches) == 1 else several, count=len(patches))
    if len(set(heads)) == shape[0] * shape[1]:
        return tr("All heads ablated")
    blocks = {block for block, _ in heads}
    if len(heads) == 1:
        return tr("{head} ablated", head=f"L{heads[0][0] + 1}H{heads[0][1] + 1}")
    if len(blocks) == 1 and len(set(heads)) == shape[1]:
        return tr("Block {block} ablated", block=blocks.pop() + 1)
    return tr("{count} heads ablated", count=len(heads))
