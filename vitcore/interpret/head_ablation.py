"""Head ablation: how predictions change without each head, and without each block's heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore.images import as_images
from vitcore.inference import probabilities

_SLICE = 20  # images between two reports of progress


@dataclass(frozen=True, slots=True)
class Measured:
    """Means over images, of the class that each image is asked about; arrays of one shape."""

    probability: np.ndarray  # 0 to 1, or a change of it
    logit: np.ndarray
    accuracy: np.ndarray  # share of images whose most probable class is the one asked about


@dataclass(frozen=True, slots=True)
class HeadEffects:
    """What changes when heads are switched off; below 0 where a head had spoken for the class."""

    num_images: int  # how many were measured
    before: Measured  # of the whole model, (); not a change
    heads: Measured  # (L, H) float64, the change without one head
    blocks: Measured  # (L,) float64, the change without all heads of one block


def switches(blocks: int, heads: int) -> np.ndarray:
    """Every way to switch off nothing, one head, or all heads of one block.

    Returns:
        (1 + L*H + L, L, H) float32, 1 for each head that is on: first all, then without each head,
        block by block, then without each block.
    """
    single = 1 - np.eye(blocks * heads).reshape(-1, blocks, heads)
    whole = np.repeat(1 - np.eye(blocks)[:, :, None], heads, axis=2)
    return np.concatenate([np.ones((1, blocks, heads)), single, whole]).astype(np.float32)


def head_effects(
    logits: np.ndarray, classes: np.ndarray, *, blocks: int, heads: int
) -> HeadEffects:
    """Compare the answers with and without each head.

    Args:
        logits: (n, V, C), of each image one row per entry of `switches`.
        classes: (n,) the class each image is asked about: its true one, so that `accuracy` is
            the accuracy, or the model's own answer, so that it is how often the answer stays.
        blocks: L.
        heads: H.

    Raises:
        ValueError: if the shapes do not fit.

    Source: Michel et al. 2019, section 3.2, https://arxiv.org/abs/1905.10650
    """
    logits, classes = np.asarray(logits, np.float64), np.asarray(classes, np.int64)
    ways = 1 + blocks * heads + blocks
    if logits.ndim != 3 or logits.shape[1] != ways or classes.shape != logits.shape[:1]:
        raise ValueError(
            f"logits must have shape (n, {ways}, C) and classes (n,), "
            f"got {logits.shape} and {classes.shape}"
        )
    asked = classes[:, None, None]
    parts = {
        "probability": np.take_along_axis(probabilities(logits), asked, axis=2)[..., 0],
        "logit": np.take_along_axis(logits, asked, axis=2)[..., 0],
        "accuracy": logits.argmax(axis=2) == classes[:, None],
    }
    means = {name: values.mean(axis=0) for name, values in parts.items()}  # (V,)
    changes = {name: values[1:] - values[0] for name, values in means.items()}
    single = blocks * heads
    return HeadEffects(
        num_images=len(logits),
        before=Measured(**{name: values[0] for name, values in means.items()}),
        heads=Measured(**{n: c[:single].reshape(blocks, heads) for n, c in changes.items()}),
        blocks=Measured(**{n: c[single:] for n, c in changes.items()}),
    )


def ranked(change: np.ndarray) -> list[tuple[int, int]]:
    """Heads (block, head) by the size of a change (L, H), the largest first, up or down."""
    order = np.argsort(-np.abs(change).reshape(-1), kind="stable")
    return [divmod(int(place), change.shape[1]) for place in order]


def head_importance(
    model: Any,
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
        classes: (n,) the class each image is asked about, for instance its true one; default
            the model's own answers.
        patch_size: P; default the model's own.
        progress: called with the number of images done.

    Returns:
        HeadEffects: means over the images, before and after.

    Raises:
        ValueError: if there is no image, not one class for each, or a class that is not there.

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
    return head_effects(logits, asked, blocks=config.depth, heads=config.num_heads)


def logits_without_each(
    model: Any, images: np.ndarray, *, patch_size: int | None = None
) -> np.ndarray:
    """Each image's logits with every switch of `switches`: (n, 1 + L*H + L, C) float32."""
    from vitcore.tracing import predict_logits

    config = model.config
    ways = switches(config.depth, config.num_heads)
    logits = predict_logits(
        model,
        np.repeat(images, len(ways), axis=0),
        patch_size=patch_size,
        head_mask=np.tile(ways, (len(images), 1, 1)),
    )
    return logits.reshape(len(images), len(ways), -1)
