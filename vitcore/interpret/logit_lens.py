"""What a model would answer if it stopped after each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitcore.config import ViTConfig

NEEDED = ("norm/scale", "norm/offset", "head/kernel", "head/bias")


@dataclass(frozen=True, slots=True)
class LogitLens:
    """Logits of the last norm and the head, put after the embedding and after each block."""

    picture: np.ndarray  # (L+1, C) float32; the last row is the model's own answer
    patches: np.ndarray  # (L+1, N, C) float32, the head on each patch alone


def logit_lens(
    tokens: np.ndarray, weights: Mapping[str, np.ndarray], config: ViTConfig
) -> LogitLens:
    """Read each block's tokens with the model's own last norm and head ("logit lens").

    The picture's answer is pooled as the model does it: from the class token, or from the mean of
    the normed patches. With mean pooling it is then exactly the mean of the patches' answers; with
    a class token the patches' answers take no part in it.

    Args:
        tokens: (L+1, T, D) the residual stream before block 0 .. after the last, as in a trace.
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
    tokens = np.asarray(tokens)
    if tokens.ndim != 3 or tokens.shape[-1] != len(kernel) or tokens.shape[1] <= config.prefix:
        raise ValueError(
            f"tokens must have shape (L+1, T, {len(kernel)}) with T > {config.prefix}, "
            f"got {tokens.shape}"
        )
    tokens = tokens.astype(np.float64)
    centred = tokens - tokens.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + config.norm_epsilon)
    normed = centred / spread * scale + offset  # (L+1, T, D)
    answers = normed @ kernel + bias  # (L+1, T, C)
    patches = answers[:, config.prefix :]
    # The head is linear: the answer to the mean token is the mean of the tokens' answers.
    picture = answers[:, 0] if config.pooling == "class" else patches.mean(axis=1)
    return LogitLens(picture.astype(np.float32), patches.astype(np.float32))
