"""The names, shapes and first values of a model's weights, drawn by NumPy for every backend."""

from __future__ import annotations

import math
import zlib

import numpy as np

from vitcore.config import ViTConfig


def weight_shapes(config: ViTConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by name, in the order in which the model uses them."""
    width, inner = config.width, config.heads * config.d
    shapes: dict[str, tuple[int, ...]] = {
        "patch_embedding/kernel": (config.kernel_size, config.kernel_size, 3, width),
        "patch_embedding/bias": (width,),
    }
    if config.positions == "learned":
        shapes["positions"] = (config.position_grid, config.position_grid, width)
    if config.pooling == "class":
        shapes["class_token"] = (1, width)
    if config.registers:
        shapes["registers"] = (config.registers, width)
    norm = {"scale": (width,), "offset": (width,)}
    attention = {
        "qkv_kernel": (width, 3 * inner),
        "qkv_bias": (3 * inner,),
        "out_kernel": (inner, width),
        "out_bias": (width,),
    }
    if config.qk_norm:
        attention |= {"query_scale": (config.d,), "key_scale": (config.d,)}
    mlp = {
        "hidden_kernel": (width, config.mlp_width),
        "hidden_bias": (config.mlp_width,),
        "out_kernel": (config.mlp_width, width),
        "out_bias": (width,),
    }
    for block in range(config.depth):
        parts = {"norm1": norm, "attention": attention, "norm2": norm, "mlp": mlp}
        for part, members in parts.items():
            for name, shape in members.items():
                shapes[f"block_{block:02d}/{part}/{name}"] = shape
    shapes |= {f"norm/{name}": shape for name, shape in norm.items()}
    return shapes | {"head/kernel": (width, config.classes), "head/bias": (config.classes,)}


def parameter_count(config: ViTConfig) -> int:
    """How many numbers the model learns."""
    return sum(math.prod(shape) for shape in weight_shapes(config).values())


def initial_weights(config: ViTConfig, seed: int = 0) -> dict[str, np.ndarray]:
    """First values of every weight, float32, the same on every backend and machine.

    Matrices are Xavier uniform, the patch kernel is normal with variance 1 / (p·p·3), positions
    and extra tokens are normal(0.02), biases and the head are zero: an untrained model gives
    every class the same probability.

    Source: google-research/vision_transformer, vit_jax/models_vit.py
    """
    return {
        name: _first(name, shape, np.random.default_rng((seed, zlib.crc32(name.encode()))))
        for name, shape in weight_shapes(config).items()
    }


def _first(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    leaf = name.rsplit("/", 1)[-1]
    if name.startswith("head/") or leaf in ("bias", "offset") or leaf.endswith("_bias"):
        return np.zeros(shape, np.float32)
    if leaf.endswith("scale"):
        return np.ones(shape, np.float32)
    if name == "patch_embedding/kernel":
        return rng.normal(0, math.prod(shape[:3]) ** -0.5, shape).astype(np.float32)
    if leaf in ("positions", "class_token", "registers"):
        return rng.normal(0, 0.02, shape).astype(np.float32)
    inputs, outputs = shape
    if leaf == "qkv_kernel":  # three matrices side by side, each drawn for its own width
        outputs //= 3
    limit = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
