"""How many floating-point operations one image costs, from the numbers of a model alone."""

from __future__ import annotations

from vitcore.config import ViTConfig


def flops(config: ViTConfig, patch_size: int | None = None) -> dict[str, int]:
    """Operations of one image's forward pass by part, a multiply-add counted as two.

    Matrix products only: biases, norms, softmax, GELU and residuals are a few per cent more. What
    resizes the kernel and the position grid is done once for any number of images and not here.

    Args:
        config: of the model.
        patch_size: P; default the model's own.

    Returns:
        "embedding", "qkv", "attention" (queries by keys, weights by values), "projection", "mlp"
        and "head"; their sum is the whole.
    """
    size = config.chosen_patch_size(patch_size)
    patches, tokens = config.grid_side(size) ** 2, config.tokens(size)
    inner = config.num_heads * config.d
    return {
        "embedding": 2 * patches * 3 * size**2 * config.width,
        "qkv": 2 * config.depth * tokens * config.width * 3 * inner,
        "attention": 2 * config.depth * 2 * tokens**2 * inner,
        "projection": 2 * config.depth * tokens * inner * config.width,
        "mlp": 2 * config.depth * 2 * tokens * config.width * config.mlp_dim,
        "head": 2 * config.width * config.classes,
    }
