"""What the worker computes to explain an answer; it is run there, and named by the app."""

from __future__ import annotations

import numpy as np

from explorer.client.metrics import HeadMetrics, joined, metrics_of
from explorer.client.tasks import forward_pass


def relevance(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int, class_index: int
) -> np.ndarray:
    """Class relevance of each patch: (rows, columns) float32; arguments as in `worker.reading`."""
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    return vitcore.relevance(model, pixels, class_index, patch_size)


def masked(
    folder: str,
    stamp: tuple[int, ...],
    pixels: np.ndarray,
    patch_size: int,
    packed: bytes,
    count: int,
) -> np.ndarray:
    """Logits (count, C) of the image with sets of patches erased.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8.
        patch_size: P.
        packed: the sets (count, N) bool by `numpy.packbits` along the patches.
        count: of sets.
    """
    from vitcore.interpret.occlusion import masked_logits

    model = forward_pass.compiled(folder, stamp, patch_size)
    patches = model.config.grid_side(patch_size) ** 2
    bits = np.frombuffer(packed, np.uint8).reshape(count, -1)
    sets = np.unpackbits(bits, axis=1, count=patches).astype(bool)
    return masked_logits(model, pixels, sets, patch_size=patch_size)


def without_some(
    folder: str,
    stamp: tuple[int, ...],
    pixels: np.ndarray,
    patch_size: int,
    start: int,
    count: int,
) -> np.ndarray:
    """Logits (count, C) of the image with some of the `switches` of heads and blocks.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8.
        patch_size: P.
        start: the first row of `switches`.
        count: of rows.
    """
    from vitcore.interpret.head_ablation import switches
    from vitcore.tracing import predict_logits

    model = forward_pass.compiled(folder, stamp, patch_size)
    ways = switches(model.config.depth, model.config.num_heads)[start : start + count]
    return predict_logits(
        model, np.repeat(pixels[None], len(ways), axis=0), patch_size=patch_size, head_mask=ways
    )


def without_each_of_many(
    folder: str, stamp: tuple[int, ...], source: str, start: int, count: int, patch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logits of test images with every switch, and their classes: (count, V, C), (count,) int.

    Args:
        folder: of the model.
        stamp: state of its files.
        source: "cifar10" or "sketch10".
        start: the first image, in the order of the data.
        count: how many.
        patch_size: P.
    """
    from vitcore.interpret.head_ablation import logits_without_each

    model = forward_pass.compiled(folder, stamp, patch_size)
    images, labels, _ = _tested(source, start, count)
    return logits_without_each(model, images, patch_size=patch_size), labels.astype(np.int64)


def metrics_of_many(
    folder: str, stamp: tuple[int, ...], source: str, start: int, count: int, patch_size: int
) -> HeadMetrics:
    """Heads in numbers over test images; arguments as in `without_each_of_many`."""
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    images, _, masks = _tested(source, start, count)
    parts = []
    for number, image in enumerate(images):
        seen = vitcore.trace(model, image, patch_size=patch_size)
        mask = None if masks is None else masks[number]
        numbers = metrics_of(
            seen.attention,
            seen.grid,
            image_size=seen.image_size,
            prefix=seen.num_prefix_tokens,
            pooling=seen.pooling,
            mask=mask,
        )
        parts.append(numbers)
    return joined(parts)


def _tested(
    source: str, start: int, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Test images (n, 32, 32, 3), their classes (n,), and their objects' masks where known."""
    from vitcore.datasets import cifar10, sketch10

    if source == "cifar10":
        images, labels = cifar10("test")
        return np.asarray(images[start : start + count]), labels[start : start + count], None
    return sketch10(count, start=start)
