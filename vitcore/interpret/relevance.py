"""Which patches speak for a class: attention weighted by its gradient, over all blocks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from vitcore import patches
from vitcore.images import as_image


def relevance(
    model: Any, image: np.ndarray, class_index: int, patch_size: int | None = None
) -> np.ndarray:
    """Relevance of each patch for one class.

    R starts as the identity; each block adds mean over heads of ReLU(A ∘ ∂y/∂A), times R. Shown
    is the class token's row over the patches; without one, the mean over the patches' rows of R
    minus the identity. y is the logit; nothing is normalised.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) uint8.
        class_index: the class asked about, from 0.
        patch_size: P; default the model's own.

    Returns:
        (rows, columns) float32, not negative.

    Raises:
        ValueError: for an image, patch size or class that does not fit.

    Source: Chefer et al. 2021, section 3.1, https://arxiv.org/abs/2103.15679
    """
    config = model.config
    if class_index not in range(config.classes):
        raise ValueError(
            f"class_index must be an integer from 0 to {config.classes - 1}, got {class_index!r}"
        )
    size = config.chosen_patch_size(patch_size)
    images = patches.model_input(as_image(image)[None], size, image_size=config.image_size)
    attention, gradient = attention_gradient(model, images, class_index, size)
    grid = (config.grid_side(size),) * 2
    return relevance_map(
        attention,
        gradient,
        grid,
        pooling=config.pooling,
        num_prefix_tokens=config.num_prefix_tokens,
    )


def attention_gradient(
    model: Any, images: np.ndarray, class_index: int, patch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Attention of one image and ∂logit/∂attention, both (L, H, T, T) float32.

    The gradient is taken with respect to zeros that the pass adds to the very weights it uses.
    """

    from keras import ops

    from vitcore import backend

    def both(call: Any, images: Any, asked: Any, zeros: Any) -> Any:
        def logit(probe: Any) -> Any:
            logits, steps = call(
                images, patch_size=patch_size, probe=probe, full=True, training=False
            )
            weights = ops.stack([block["weights"] for block in steps["blocks"]])
            return ops.sum(logits * asked), weights

        (_, weights), gradient = backend.value_and_gradient(logit, zeros)
        return weights, gradient

    config = model.config
    tokens = config.tokens(patch_size)
    function = model.compiled_once(
        ("attention_gradient", patch_size), partial(backend.compiled, model, both)
    )
    zeros = np.zeros((config.depth, 1, config.num_heads, tokens, tokens), np.float32)
    asked = np.eye(config.classes, dtype=np.float32)[int(class_index)][None]
    weights, gradient = backend.to_numpy(function(images, asked, zeros))
    return weights[:, 0], gradient[:, 0]


def relevance_map(
    attention: np.ndarray,
    gradient: np.ndarray,
    grid: tuple[int, int],
    *,
    pooling: str,
    num_prefix_tokens: int,
) -> np.ndarray:
    """The formula alone, from attention and gradient (L, H, T, T): (rows, columns)."""
    tokens = attention.shape[-1]
    result = np.eye(tokens, dtype=np.float64)
    for weights, slope in zip(attention, gradient, strict=True):
        fused = np.maximum(weights * slope, 0).mean(axis=0, dtype=np.float64)  # (T, T)
        result = result + fused @ result
    row = (
        result[0]
        if pooling == "class"
        else (result - np.eye(tokens))[num_prefix_tokens:].mean(axis=0)
    )
    return row[num_prefix_tokens:].reshape(grid).astype(np.float32)
