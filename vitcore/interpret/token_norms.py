"""How long tokens are, block by block, and which patches are far longer than the others."""

from __future__ import annotations

import numpy as np

from vitcore.interpret import takes_trace

NORM_RATIO = 3.0  # times the median: see `high_norm_tokens`


@takes_trace("hidden_states")
def token_norms(hidden_states: np.ndarray) -> np.ndarray:
    """Euclidean length of every token, before block 0 and after each block.

    Args:
        hidden_states: (L+1, T, D), or a Trace.

    Returns:
        (L+1, T) float32.

    Raises:
        ValueError: for another shape.
    """
    hidden_states = np.asarray(hidden_states)
    if hidden_states.ndim != 3:
        raise ValueError(f"hidden_states must have shape (L+1, T, D), got {hidden_states.shape}")
    return np.linalg.norm(hidden_states.astype(np.float64), axis=-1).astype(np.float32)


def high_norm_tokens(
    norms: np.ndarray, *, num_prefix_tokens: int = 0, longer: float = NORM_RATIO
) -> np.ndarray:
    """Patches whose token is more than `longer` times as long as the median patch's.

    Large models keep notes about the whole image in patches that show nothing of interest, and
    such tokens stand out by their length. The paper draws its line by eye (at 150, for DINOv2-g),
    which fits no other model; here it is relative to the patches of the same block.

    Args:
        norms: (L+1, T), from `token_norms`.
        num_prefix_tokens: tokens before the patches, which may be as long as they like.
        longer: how many times the median length.

    Returns:
        (L+1, N) bool, True on outliers.

    Raises:
        ValueError: for another shape or num_prefix_tokens.

    Source: Darcet et al. 2024, section 2.1, https://arxiv.org/abs/2309.16588
    """
    norms = np.asarray(norms)
    if norms.ndim != 2:
        raise ValueError(f"norms must have shape (L+1, T), got {norms.shape}")
    if not 0 <= num_prefix_tokens < norms.shape[1]:
        raise ValueError(
            f"num_prefix_tokens must be an integer from 0 to {norms.shape[1] - 1}, "
            f"got {num_prefix_tokens}"
        )
    patches = norms[:, num_prefix_tokens:]
    return patches > longer * np.median(patches, axis=1, keepdims=True)
