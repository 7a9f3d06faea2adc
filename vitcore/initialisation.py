"""The names, shapes and first values of a model's weights, drawn by NumPy for every backend."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection

import numpy as np

from vitcore.config import ViTConfig
from vitcore.patches import sincos_2d


def weight_shapes(config: ViTConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every weight by name, in the order in which the model uses them."""
    width, inner = config.width, config.num_heads * config.d
    shapes: dict[str, tuple[int, ...]] = {
        "patch_embedding/kernel": (config.patch_embed_size, config.patch_embed_size, 3, width),
        "patch_embedding/bias": (width,),
    }
    if config.positions == "learned":
        shapes["positions"] = (config.pos_embed_grid, config.pos_embed_grid, width)
    if config.pooling == "class":
        shapes["class_token"] = (1, width)
    if config.registers:
        shapes["registers"] = (config.registers, width)
    norm: dict[str, tuple[int, ...]] = {"scale": (width,), "offset": (width,)}
    attention: dict[str, tuple[int, ...]] = {
        "qkv_kernel": (width, 3 * inner),
        "qkv_bias": (3 * inner,),
        "out_kernel": (inner, width),
        "out_bias": (width,),
    }
    if config.qk_norm:
        attention |= {"query_scale": (config.d,), "key_scale": (config.d,)}
    mlp: dict[str, tuple[int, ...]] = {
        "hidden_kernel": (width, config.mlp_dim),
        "hidden_bias": (config.mlp_dim,),
        "out_kernel": (config.mlp_dim, width),
        "out_bias": (width,),
    }
    for block in range(config.depth):
        parts = {
            "norm1": norm,
            "attention": attention,
            "norm2": norm,
            "mlp": mlp,
        }
        for part, members in parts.items():
            for name, shape in members.items():
                shapes[f"block_{block:02d}/{part}/{name}"] = shape
    shapes |= {f"norm/{name}": shape for name, shape in norm.items()}
    return shapes | {"head/kernel": (width, config.classes), "head/bias": (config.classes,)}


def parameter_count(config: ViTConfig) -> int:
    """How many numbers the model learns."""
    return sum(math.prod(shape) for shape in weight_shapes(config).values())


def initial_weights(
    config: ViTConfig, seed: int = 0, *, only: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """First values of every weight, float32, the same on every backend and machine.

    Matrices are Xavier uniform, the patch kernel is normal with variance 1 / (p·p·3), positions
    and extra tokens are normal(0.02), biases and the head are zero: an untrained model gives
    every class the same probability. "mimetic" first weights differ in attention and positions.

    Args:
        config: of the model.
        seed: of the draw; each weight has a stream of its own.
        only: names of the weights to draw, which come out as they would among all.

    Source: google-research/vision_transformer, vit_jax/models_vit.py
    """
    first = {
        name: _first(name, shape, _generator(seed, name))
        for name, shape in weight_shapes(config).items()
        if only is None or name in only
    }
    if config.weight_init == "mimetic":
        _imitate_trained(first, config, seed)
    return first


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(name.encode())))


def _imitate_trained(weights: dict[str, np.ndarray], config: ViTConfig, seed: int) -> None:
    """Let attention begin near what trained models have.

    Per head, queries times keys come near the identity, so that tokens look at tokens like
    themselves; over all heads, values times output come near the negative identity; learned
    positions begin in the order of the image, so that what is alike is also near.

    Source: Trockman & Kolter 2023, section 3, https://arxiv.org/abs/2305.09828
    """
    width, d = config.width, config.d
    if "positions" in weights:
        weights["positions"] = _mimetic_positions(config)

    def factors(rng: np.random.Generator, scale: float, sign: int) -> tuple[np.ndarray, np.ndarray]:
        noise = rng.normal(0, width**-0.5, (width, width))
        left, sizes, right = np.linalg.svd(scale * (noise + sign * np.eye(width)))
        return left * np.sqrt(sizes), np.sqrt(sizes)[:, None] * right

    for block in range(config.depth):
        name = f"block_{block:02d}/attention"
        kernels = {f"{name}/qkv_kernel", f"{name}/out_kernel"} & weights.keys()
        if not kernels:
            continue
        rng = _generator(seed, f"{name}/mimetic")
        heads = [factors(rng, 0.7, 1) for _ in range(config.num_heads)]
        queries = [left[:, :d] for left, _ in heads]  # the d largest singular values
        keys = [right[:d].T for _, right in heads]
        values, out = factors(rng, 0.4, -1)
        kernel = np.concatenate([*queries, *keys, values], axis=1)
        drawn = {f"{name}/qkv_kernel": kernel, f"{name}/out_kernel": out}
        weights |= {each: drawn[each].astype(np.float32) for each in kernels}


def _mimetic_positions(config: ViTConfig) -> np.ndarray:
    """The 2-D sin-cos table (g, g, D) with what all places share left out, and the rest doubled.

    As it stands that share is most of the table: of a root mean square of 0.71, 0.26 tells the
    places of an 8 x 8 grid apart.
    """
    side = config.pos_embed_grid
    table = sincos_2d((side, side), config.width, base=side)
    return 2 * (table - table.mean(axis=(0, 1)))


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
