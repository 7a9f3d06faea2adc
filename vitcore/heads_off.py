"""Which heads matter: the answers of a model with each head, and each block, switched off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vitcore.images import as_images
from vitcore.introspection.head_effects import HeadEffects, head_effects, switches
from vitcore.model import ViT
from vitcore.tracing import predict_logits

_SLICE = 20  # pictures between two reports of progress


def head_importance(
    model: ViT,
    images: np.ndarray,
    classes: np.ndarray | None = None,
    patch_size: int | None = None,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> HeadEffects:
    """How answers change when each head, and each whole block's heads, are switched off.

    Args:
        model: from `load` or `build`.
        images: (n, H, W, 3) uint8, n at least 1.
        classes: (n,) the class each picture is asked about, for instance its true one; default
            the model's own answers.
        patch_size: P; default the model's own.
        progress: called with the number of pictures done.

    Returns:
        HeadEffects: means over the pictures, before and after.

    Raises:
        ValueError: if there is no picture, not one class for each, or a class that is not there.

    Source: Michel et al. 2019, section 3.2, https://arxiv.org/abs/1905.10650
    """
    images, config = as_images(images), model.config
    if len(images) == 0:
        raise ValueError("images must not be empty")
    if classes is not None:
        classes = np.asarray(classes)
        if classes.shape != (len(images),) or not np.isin(classes, range(config.classes)).all():
            raise ValueError(
                f"classes must be {len(images)} integers from 0 to {config.classes - 1}, "
                f"got {classes}"
            )
    parts = []
    for start in range(0, len(images), _SLICE):
        part = images[start : start + _SLICE]
        parts.append(logits_without_each(model, part, patch_size=patch_size))
        progress(start + len(part))
    logits = np.concatenate(parts)
    asked = logits[:, 0].argmax(axis=1) if classes is None else classes
    return head_effects(logits, asked, blocks=config.depth, heads=config.heads)


def logits_without_each(
    model: ViT, images: np.ndarray, *, patch_size: int | None = None
) -> np.ndarray:
    """Each picture's logits with every switch of `switches`: (n, 1 + L*H + L, C) float32."""
    config = model.config
    ways = switches(config.depth, config.heads)
    logits = predict_logits(
        model,
        np.repeat(images, len(ways), axis=0),
        patch_size=patch_size,
        heads_on=np.tile(ways, (len(images), 1, 1)),
    )
    return logits.reshape(len(images), len(ways), -1)
