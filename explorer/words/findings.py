"""Titles and sentences written from the numbers they are about."""

import numpy as np

from vitcore.config import PATCH_SIZES

UNDECIDED = 1e-3  # spread of probabilities under which a model prefers nothing


def percent(share: float) -> str:
    """A share as text, as base.js writes it: whole, with a decimal below 10 and above 99.5 %.

    Nothing and all are said of nothing and all alone: what is near them is <0.1% or >99.9%.
    """
    if share in (0, 1) or 0.0995 <= share < 0.995 or share > 1:
        return f"{share:.0%}"
    if not 0.0005 <= share < 0.9995:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{share:.1%}"


def with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def prediction(probabilities: np.ndarray, label: int | None, names: tuple[str, ...]) -> str:
    """The predicted class and, where the true label is known, whether it is correct.

    Args:
        probabilities: (C,), sums to 1.
        label: index of the image's class, or None.
        names: of the C classes.
    """
    if float(np.ptp(probabilities)) < UNDECIDED:
        return f"none, every class has {percent(float(probabilities.mean()))}"
    top = int(probabilities.argmax())
    said = f"{names[top]}, {percent(float(probabilities[top]))}"
    if label is None:
        return said
    return f"{said} ({'correct' if top == label else f'true label: {names[label]}'})"


def cut_title(patch_size: int, side: int) -> str:
    """What can be said before the model has answered."""
    if side == 1:
        return "The whole picture becomes one patch, and so one token"
    return f"Cut {patch_size} pixels wide, the picture becomes {side} × {side} patches"


def distance_title(distances: np.ndarray, even: float) -> str:
    """How far the heads of the first and of the last block look.

    Args:
        distances: (L, H) mean attention distance, pixels.
        even: the distance of an even spread, pixels.
    """
    if even == 0:
        return "With one patch there is no distance to look over"

    def reach(block: np.ndarray) -> str:
        low, high = f"{block.min():.0f}", f"{block.max():.0f}"
        return low if low == high else f"{low} to {high}"

    first = f"In block 1 the heads look {reach(distances[0])} pixels far"
    if len(distances) == 1:
        return f"{first}; an even spread, {even:.0f}"
    return f"{first}; in block {len(distances)}, {reach(distances[-1])}"


def facts(
    *,
    patch_size: int,
    side: int,
    prefix: int,
    blocks: int | None,
    heads: int | None,
    seconds: float | None,
) -> str:
    """How many tokens, and what they cost, as one line of Markdown.

    Args:
        patch_size: P.
        side: patches along one side.
        prefix: tokens before the patches.
        blocks: of the model, where it is known.
        heads: in each block, where they are known.
        seconds: of one warm forward pass, where it was measured.
    """
    count, tokens = side * side, side * side + prefix
    parts = [f"**{tokens} {'token' if tokens == 1 else 'tokens'}**"]
    formula = f"{side}²" if 32 % patch_size else f"32·32 / {patch_size}²"
    noun = "patch" if count == 1 else "patches"
    if prefix:
        parts += [f"`{formula} + {prefix} = {tokens}`", f"{prefix} of no patch"]
    else:
        parts.append(f"`{formula} = {count}` {noun}")
    if 32 % patch_size:
        parts.append(
            f"32 is not a multiple of {patch_size}, so the picture is resized to "
            f"`{side * patch_size}\u00a0×\u00a0{side * patch_size}`"
        )
    pairs = tokens * tokens
    parts.append(f"`{tokens}² = {pairs:,}` {'pair' if pairs == 1 else 'pairs'} per head")
    if blocks and heads:
        parts.append(f"{blocks} × {_counted(heads, 'head')}")
    if seconds is not None:
        milliseconds = 1e3 * seconds
        parts.append(f"computed in {milliseconds:.{0 if milliseconds >= 9.5 else 1}f}\u00a0ms")
    return f":small[{'  ·  '.join(parts)}]"


def sizes_title(sizes: tuple[int, ...]) -> str:
    """What stands above the answers at all patch sizes: at which of them the model was trained."""
    if set(PATCH_SIZES) <= set(sizes):
        return "The same weights at every patch size; they were trained at all of them"
    if not sizes:
        return "The same weights, other patch sizes"
    only = " only" if len(sizes) == 1 else ""
    named = ", ".join(map(str, sizes))
    return f"The same weights at other patch sizes; they were trained at {named}{only}"


def sizes_help(sizes: tuple[int, ...]) -> str | None:
    """Why a model holds at the patch sizes it was trained at, and falls at others."""
    if not sizes:
        return None
    if len(sizes) > 1:
        return (
            "Each training step drew one of these patch sizes at random and resized the patch "
            "embedding and the positions to it, so the blocks have met tokens of each size."
        )
    return (
        "At other sizes the patch embedding and the positions are resized, and the blocks get "
        "tokens of a kind that they never met in training."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"
