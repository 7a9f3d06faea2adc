"""Attention in numbers: how spread out a head is, what it looks at, whether the query matters."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vitcore.interpret import checked_attention, takes_trace


def _checked(attention: np.ndarray, num_prefix_tokens: int) -> np.ndarray:
    attention = checked_attention(attention)
    if not 0 <= num_prefix_tokens < attention.shape[-1]:
        raise ValueError(
            f"num_prefix_tokens must be an integer from 0 to {attention.shape[-1] - 1}, "
            f"got {num_prefix_tokens}"
        )
    return attention


@takes_trace("attention", "num_prefix_tokens")
def attention_entropy(
    attention: np.ndarray, *, num_prefix_tokens: int = 0, unit: str = "bits"
) -> np.ndarray:
    """How spread out each head's attention is: the mean entropy of the patches' rows.

    0: each patch looks at one token; `entropy_bound`: it looks everywhere alike.

    Args:
        attention: (L, H, T, T), rows are queries and sum to 1; or a Trace.
        num_prefix_tokens: tokens before the patches; their own rows are left out.
        unit: "bits" or "nats".

    Returns:
        (L, H) float64, in `unit`.

    Raises:
        ValueError: for another shape, num_prefix_tokens or unit.

    Source: Shannon 1948, section 6
    """
    zero = entropy_bound(1, unit=unit)  # which also checks the unit
    rows = _checked(attention, num_prefix_tokens)[:, :, num_prefix_tokens:].astype(
        np.float64
    )  # (L, H, N, T)
    logs = np.log(rows, out=np.zeros_like(rows), where=rows > 0)  # 0 log 0 counts as 0
    entropy = -np.einsum("lhij,lhij->lhi", rows, logs).mean(axis=-1)
    return np.maximum(entropy / (np.log(2) if unit == "bits" else 1), zero)  # no minus zero


def entropy_bound(tokens: int, *, unit: str = "bits") -> float:
    """The entropy of a row that looks at all tokens alike: the most there is.

    Raises:
        ValueError: for another unit.
    """
    if unit not in ("bits", "nats"):
        raise ValueError(f"unit must be bits or nats, got {unit!r}")
    return float(np.log2(tokens) if unit == "bits" else np.log(tokens))


@takes_trace("attention", "num_prefix_tokens")
def prefix_attention(attention: np.ndarray, *, num_prefix_tokens: int) -> np.ndarray:
    """The share of the patches' attention that goes to the prefix (class token, registers).

    Args:
        attention: (L, H, T, T), rows are queries and sum to 1; or a Trace.
        num_prefix_tokens: tokens before the patches; without any the share is 0.

    Returns:
        (L, H) float64, 0 to 1.

    Raises:
        ValueError: for another shape or num_prefix_tokens.
    """
    rows = _checked(attention, num_prefix_tokens)[:, :, num_prefix_tokens:, :num_prefix_tokens]
    return rows.sum(axis=-1, dtype=np.float64).mean(axis=-1)


@takes_trace("attention", "num_prefix_tokens")
def query_dependence(attention: np.ndarray, *, num_prefix_tokens: int = 0) -> np.ndarray:
    """How much a head's map changes with the patch that looks.

    The mean over patches of the total variation distance, half the sum of absolute differences,
    between the patch's row and the mean row. 0: all patches look at the same things, and the
    map under the pointer never changes; 1 - 1/N: every patch looks at a token of its own.

    Args:
        attention: (L, H, T, T), rows are queries and sum to 1; or a Trace.
        num_prefix_tokens: tokens before the patches; their own rows are left out.

    Returns:
        (L, H) float64, 0 to 1 - 1/N.

    Raises:
        ValueError: for another shape or num_prefix_tokens.

    Source: Levin & Peres 2017, Markov Chains and Mixing Times, proposition 4.2
    """
    rows = _checked(attention, num_prefix_tokens)[:, :, num_prefix_tokens:].astype(
        np.float64
    )  # (L, H, N, T)
    apart = np.abs(rows - rows.mean(axis=2, keepdims=True))
    return apart.sum(axis=-1).mean(axis=-1) / 2


@takes_trace("attention", "pooling", "num_prefix_tokens")
def pooled_attention(
    attention: np.ndarray, *, pooling: str, num_prefix_tokens: int = 0
) -> np.ndarray:
    """Where the token that answers looks: one map over the patches for each head.

    With a class token its row; with mean pooling, where all patches answer together, the mean of
    their rows. What goes to the prefix is left out and the rest divided by its sum.

    Args:
        attention: (..., T, T), rows are queries; also a rollout (T, T), or a Trace, with its
            pooling and num_prefix_tokens.
        pooling: "class" or "mean", the model's.
        num_prefix_tokens: tokens before the patches.

    Returns:
        (..., N) float64; each map sums to 1, or is 0 where nothing goes to the patches.

    Raises:
        ValueError: for another pooling, or a class token without prefix.
    """
    if pooling not in ("class", "mean"):
        raise ValueError(f"pooling must be class or mean, got {pooling!r}")
    if pooling == "class" and num_prefix_tokens < 1:
        raise ValueError(
            f"num_prefix_tokens must be an integer >= 1 with a class token, got {num_prefix_tokens}"
        )
    attention = np.asarray(attention, np.float64)
    if pooling == "class":
        maps = attention[..., 0, num_prefix_tokens:]
    else:
        maps = attention[..., num_prefix_tokens:, num_prefix_tokens:].mean(axis=-2)
    sums = maps.sum(axis=-1, keepdims=True)
    return np.divide(maps, sums, out=np.zeros_like(maps), where=sums > 0)


@lru_cache(maxsize=64)
def _overlap(source: int, target: int) -> np.ndarray:
    """Share of each of `target` equal cells that each of `source` pixels covers."""
    edges = np.arange(target + 1) * (source / target)
    pixels = np.arange(source)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.maximum(high - low, 0) * (target / source)


def mask_by_patch(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The share of each patch that an object covers, by area.

    Args:
        mask: (height, width) bool, True on the object.
        grid: (rows, columns) of patches; they need not divide the mask's sides.

    Returns:
        (rows, columns) float64, 0 to 1; their mean is the mask's mean.

    Raises:
        ValueError: for another shape.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2:
        raise ValueError(f"mask must have shape (height, width), got {mask.shape}")
    down, across = (_overlap(*sizes) for sizes in zip(mask.shape, grid, strict=True))
    return down @ mask.astype(np.float64) @ across.T


def object_attention(maps: np.ndarray, mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """How much more of each map lies on the object than of a map that is even everywhere.

    The map's share on the object over the object's share of the image. 1: the map does not
    know the object; 2: twice as much as by chance.

    Args:
        maps: (..., N), each summing to 1, as from `pooled_attention`.
        mask: (height, width) bool, True on the object.
        grid: (rows, columns), N = rows * columns.

    Returns:
        (...) float64, 0 to 1 / the object's share; NaN where the image shows no object.

    Raises:
        ValueError: if the maps do not fit the grid, or the mask has another shape.
    """
    maps = np.asarray(maps, np.float64)
    if maps.shape[-1:] != (grid[0] * grid[1],):
        raise ValueError(
            f"maps must have shape (..., N) with N = {grid[0]}*{grid[1]}, got {maps.shape}"
        )
    covered = mask_by_patch(mask, grid)
    share = covered.mean()
    return maps @ covered.reshape(-1) / share if share > 0 else np.full(maps.shape[:-1], np.nan)
