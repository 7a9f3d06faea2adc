"""The logit lens: what the classification head predicts after each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitcore.config import ViTConfig

NEEDED = ("norm/scale", "norm/offset", "head/kernel", "head/bias")


@dataclass(frozen=True, slots=True)
class LogitLens:
    """Logits of the last LayerNorm and the head, put after the embedding and after each block."""

    image: np.ndarray  # (L+1, C) float32; the last row is the model's own logits
    patches: np.ndarray  # (L+1, N, C) float32, the head on each patch alone


def logit_lens(
    hidden_states: np.ndarray, weights: Mapping[str, np.ndarray], config: ViTConfig
) -> LogitLens:
    """Apply the model's last LayerNorm and classification head to the tokens after each block.

    Tokens are pooled as the model does it: the class token, or the mean of the patches. With mean
    pooling the image's logits are then exactly the mean of the patches' logits; with a class token
    the patches' logits take no part in them.

    Args:
        hidden_states: (L+1, T, D) the residual stream before block 0 .. after the last, as in a
            trace.
        weights: by their names in a checkpoint; those in NEEDED are used.
        config: of the model.

    Raises:
        ValueError: if the tokens do not fit the weights, or a weight is missing.

    Source: nostalgebraist 2020, "interpreting GPT: the logit lens",
        https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens
    """
    if missing := [name for name in NEEDED if name not in weights]:
        raise ValueError(f"weights must have {', '.join(NEEDED)}; missing: {missing[0]}")
    scale, offset, kernel, bias = (np.asarray(weights[name], np.float64) for name in NEEDED)
    tokens, first = np.asarray(hidden_states), config.num_prefix_tokens
    if tokens.ndim != 3 or tokens.shape[-1] != len(kernel) or tokens.shape[1] <= first:
        raise ValueError(
            f"hidden_states must have shape (L+1, T, {len(kernel)}) with T > {first}, "
            f"got {tokens.shape}"
        )
    tokens = tokens.astype(np.float64)
    centered = tokens - tokens.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centered).mean(axis=-1, keepdims=True) + config.layer_norm_eps)
    normed = centered / spread * scale + offset  # (L+1, T, D)
    logits = normed @ kernel + bias  # (L+1, T, C)
    patches = logits[:, first:]
    # The head is linear: the logits of the mean token are the mean of the tokens' logits.
    image = logits[:, 0] if config.pooling == "class" else patches.mean(axis=1)
    return LogitLens(image.astype(np.float32), patches.astype(np.float32))
