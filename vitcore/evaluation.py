"""How good a model is on images with labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vitcore import tracing
from vitcore.model import ViT
from vitcore.report import Report, Score, report, score_of

_SLICE = 512  # images between two reports of progress


def predict_logits(
    model: ViT,
    images: np.ndarray,
    *,
    patch_size: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> np.ndarray:
    """A model's logits, slice by slice.

    Args:
        images: (N, H, W, 3) uint8.
        patch_size: P; default the model's own.
        progress: called with the number of images done.

    Returns:
        (N, C) float32.
    """
    parts = [np.zeros((0, model.config.classes), np.float32)] if len(images) == 0 else []
    for start in range(0, len(images), _SLICE):
        part = images[start : start + _SLICE]
        parts.append(tracing.predict_logits(model, part, patch_size=patch_size))
        progress(min(start + _SLICE, len(images)))
    return np.concatenate(parts)


def score(
    model: ViT,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    patch_size: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Score:
    """Accuracy, top-5 and loss of a model.

    Args:
        images: (N, H, W, 3) uint8, N at least 1.
        labels: (N,) whole numbers.
        patch_size: P; default the model's own.
        progress: called with the number of images done.

    Raises:
        ValueError: if there is no image, or not one label for each.
    """
    _check(images, labels)
    return score_of(predict_logits(model, images, patch_size=patch_size, progress=progress), labels)


def evaluate(
    model: ViT,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    patch_size: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """The same with everything else that a report holds: see `vitcore.report.Report`."""
    _check(images, labels)
    return report(predict_logits(model, images, patch_size=patch_size, progress=progress), labels)


def _check(images: np.ndarray, labels: np.ndarray) -> None:
    """Before the model has worked for minutes."""
    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(
            "images and labels must have the same non-zero length, "
            f"got {len(images)} and {len(labels)}"
        )
