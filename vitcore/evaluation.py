"""How good a model is on pictures whose class is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitcore.model import ViT
from vitcore.tracing import predict_logits

_SLICE = 512  # pictures between two reports of progress


@dataclass(frozen=True)
class Score:
    """Means over pictures."""

    accuracy: float  # share whose most probable class is the true one
    top5: float  # share whose true class is among the five most probable
    loss: float  # mean cross-entropy, nats
    pictures: int


def score(
    model: ViT,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    patch_size: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Score:
    """Compare a model's answers with the truth.

    Args:
        images: (N, H, W, 3) uint8, N at least 1.
        labels: (N,) whole numbers.
        patch_size: P; default the model's own.
        progress: called with the number of pictures done.

    Raises:
        ValueError: if there is no picture, or not one label for each.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(f"one label per picture, at least one; got {len(images)}, {len(labels)}")
    right = among = 0
    loss = 0.0
    for start in range(0, len(images), _SLICE):
        true = np.asarray(labels[start : start + _SLICE]).astype(np.int64)
        logits = predict_logits(model, images[start : start + _SLICE], patch_size=patch_size)
        own = logits[np.arange(len(true)), true]
        # Ties go to the lower class, as argmax has it.
        ahead = (logits > own[:, None]) | (
            (logits == own[:, None]) & (np.arange(logits.shape[1]) < true[:, None])
        )
        rank = ahead.sum(axis=1)
        right += int((rank == 0).sum())
        among += int((rank < 5).sum())
        highest = logits.max(axis=1)
        log_sum = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
        loss += float((log_sum - own).sum())
        progress(min(start + _SLICE, len(images)))
    count = len(images)
    return Score(right / count, among / count, loss / count, count)
