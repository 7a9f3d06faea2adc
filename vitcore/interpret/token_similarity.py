"""How alike the tokens of patches are, block by block, and the directions in which they differ."""

from __future__ import annotations

import numpy as np

from vitcore.interpret import takes_trace


def _patches(hidden_states: np.ndarray, num_prefix_tokens: int) -> np.ndarray:
    tokens = np.asarray(hidden_states)
    if tokens.ndim != 3:
        raise ValueError(f"hidden_states must have shape (L+1, T, D), got {tokens.shape}")
    if not 0 <= num_prefix_tokens < tokens.shape[1]:
        raise ValueError(
            f"num_prefix_tokens must be an integer from 0 to {tokens.shape[1] - 1}, "
            f"got {num_prefix_tokens}"
        )
    return tokens[:, num_prefix_tokens:].astype(np.float64)


@takes_trace("hidden_states", "num_prefix_tokens")
def token_similarity(hidden_states: np.ndarray, num_prefix_tokens: int = 0) -> np.ndarray:
    """Cosine similarity of every patch's token with every other, before block 0 and after each.

    Args:
        hidden_states: (L+1, T, D), or a Trace.
        num_prefix_tokens: tokens before the patches, which are left out; a Trace knows it.

    Returns:
        (L+1, N, N) float32 in [-1, 1], symmetric. A token of zeros is like nothing: 0.

    Raises:
        ValueError: for another shape or num_prefix_tokens.

    Source: Gong et al. 2021, which compares patches so, block by block,
    https://arxiv.org/abs/2104.12753
    """
    patches = _patches(hidden_states, num_prefix_tokens)
    norms = np.linalg.norm(patches, axis=-1, keepdims=True)
    directions = np.divide(patches, norms, out=np.zeros_like(patches), where=norms > 0)
    cosines = directions @ directions.transpose(0, 2, 1)
    return np.clip(cosines, -1.0, 1.0).astype(np.float32)


@takes_trace("hidden_states", "num_prefix_tokens")
def token_components(
    hidden_states: np.ndarray, num_prefix_tokens: int = 0, *, count: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the patches' tokens on their first principal components, per block.

    Tokens are centered over the patches of this image. A component's sign is arbitrary; here
    scores correlate positively with those of the block before, so that colors keep their meaning,
    and the largest score before block 0 is positive.

    Args:
        hidden_states: (L+1, T, D), or a Trace.
        num_prefix_tokens: tokens before the patches, which are left out; a Trace knows it.
        count: of components; those that there are not have score 0.

    Returns:
        scores (L+1, N, count) float32, and the explained variance ratio (L+1, count) float32,
        0 where all tokens are equal.

    Raises:
        ValueError: for another shape, num_prefix_tokens or count.

    Source: Oquab et al. 2023 (DINOv2), figure 1, https://arxiv.org/abs/2304.07193
    """
    patches = _patches(hidden_states, num_prefix_tokens)
    if count < 1:
        raise ValueError(f"count must be an integer >= 1, got {count}")
    left, singular, _ = np.linalg.svd(
        patches - patches.mean(axis=1, keepdims=True), full_matrices=False
    )
    variance = singular**2  # (L+1, K)
    total = variance.sum(axis=1, keepdims=True)
    ratio = np.divide(variance, total, out=np.zeros_like(variance), where=total > 0)
    missing = max(0, count - variance.shape[1])
    scores = np.pad(left * singular[:, None], ((0, 0), (0, 0), (0, missing)))[:, :, :count]
    return _aligned(scores).astype(np.float32), np.pad(ratio, ((0, 0), (0, missing)))[
        :, :count
    ].astype(np.float32)


def _aligned(scores: np.ndarray) -> np.ndarray:
    """Each component with the sign that agrees with the block before."""
    first = scores[0]
    largest = np.take_along_axis(first, np.abs(first).argmax(axis=0)[None], axis=0)[0]
    signs = [np.where(largest < 0, -1.0, 1.0)]
    for before, after in zip(scores[:-1], scores[1:], strict=True):
        agree = np.einsum("nk,nk->k", before * signs[-1], after)
        signs.append(np.where(agree < 0, -1.0, 1.0))
    return scores * np.stack(signs)[:, None]
