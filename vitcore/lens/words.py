"""What the view says in words of its own: the tokens it was given, and the most selective head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from vitcore.interpret.selective_head import SelectiveHead


def finding(
    found: SelectiveHead, prefix: Sequence[str] = (), *, tr: Callable[..., str] = str.format
) -> str:
    """One line about the most selective head, averaged over query patches.

    Args:
        found: of the heads that are drawn.
        prefix: names of the tokens before the patches.
        tr: puts values into a sentence; for pages in other languages.
    """
    if found.kind == "single":
        return tr("Only one token: all attention is on itself")
    if found.kind == "uniform":
        return tr("Attention is nearly uniform in all heads")
    if found.kind == "none":
        return tr("No head stands out")
    numbers = {
        "block": found.block + 1,
        "head": found.head + 1,
        "share": percent(found.share),
        "uniform": percent(found.uniform),
    }
    if found.kind == "neighbors":
        return tr(
            "Block {block}, head {head} is local: {share} of attention on neighboring patches "
            "(uniform: {uniform})",
            **numbers,
        )
    if found.kind == "row":
        return tr(
            "Block {block}, head {head} attends along rows: {share} (uniform: {uniform})",
            **numbers,
        )
    if found.kind == "column":
        return tr(
            "Block {block}, head {head} attends along columns: {share} (uniform: {uniform})",
            **numbers,
        )
    if found.kind == "self":
        return tr(
            "Block {block}, head {head} attends to the query itself: {share} (uniform: {uniform})",
            **numbers,
        )
    if found.kind == "prefix":
        return tr(
            "Block {block}, head {head} attends to {tokens}: {share} (uniform: {uniform})",
            tokens=_together(prefix, tr),
            **numbers,
        )
    return tr(
        "Block {block}, head {head} is sharply peaked: mean maximum {share} (uniform: {uniform})",
        **numbers,
    )


def shape(
    blocks: int,
    heads: int,
    grid: tuple[int, int],
    prefix: Sequence[str] = (),
    *,
    drawn: tuple[int, int] | None = None,
) -> str:
    """What attention was taken for: "12 blocks × 12 heads, 14 × 14 patches + [CLS]".

    Args:
        blocks: of the model.
        heads: in each block.
        grid: (rows, columns) of patches.
        prefix: names of the tokens before the patches.
        drawn: how many blocks and heads are, where some were chosen: "3 of 12 blocks".
    """
    few = drawn or (blocks, heads)
    registers = sum(map(_is_register, prefix))
    others = [f"[{name}]" for name in prefix if not _is_register(name)]
    if len(others) > 2:
        others = [f"{len(others)} prefix tokens"]
    if registers:
        others.append(_several(registers, "register"))
    model = f"{_few(few[0], blocks, 'block')} × {_few(few[1], heads, 'head')}"
    return " + ".join([f"{model}, {grid[0]} × {grid[1]} patches", *others])


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _few(drawn: int, count: int, noun: str) -> str:
    return f"{drawn} of " * (drawn < count) + _several(count, noun)


def _together(prefix: Sequence[str], tr: Callable[..., str]) -> str:
    if all(map(_is_register, prefix)):
        return tr("the register") if len(prefix) == 1 else tr("the registers")
    return tr("the class token") if tuple(prefix) == ("CLS",) else tr("the prefix tokens")


def _is_register(name: str) -> bool:
    return name.startswith("reg ")


def percent(share: float) -> str:
    """A fraction as text, as base.js writes it: whole, with a decimal below 10% and above 99.5%.

    0% and 100% are exact: what is near them is <0.1% or >99.9%.
    """
    if share in (0, 1) or 0.0995 <= share < 0.995 or share > 1:
        return f"{fixed(100 * share, 0)}%"
    if not 0.0005 <= share < 0.9995:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{fixed(100 * share, 1)}%"


def fixed(value: float, digits: int) -> str:
    """With so many decimals, a half rounded up as JavaScript does; Python's own is even."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
