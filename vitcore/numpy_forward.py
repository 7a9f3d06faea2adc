"""The forward pass of one image in plain NumPy: slower than compiled, and there at once.

`vitcore.tracing` needs Keras and a backend, whose import takes seconds; this needs neither. It is
held against it by test, on every bundled model and patch size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitcore import patches
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention

_erf = np.vectorize(math.erf, otypes=[np.float32])
_QK_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class NumpyPass:
    """What one forward pass computed; names and shapes as in `vitcore.Trace`, float32."""

    image: np.ndarray
    hidden_states: np.ndarray
    attention: np.ndarray
    patch_logits: np.ndarray | None
    logits: np.ndarray


def numpy_forward(
    config: ViTConfig,
    weights: Mapping[str, np.ndarray],
    image: np.ndarray,
    *,
    patch_size: int,
    intervention: Intervention | None = None,
) -> NumpyPass:
    """Run one image through a model.

    Args:
        config: of the model.
        weights: by their names in a checkpoint, float32.
        image: (H, W, 3) uint8, scaled to whole patches of the model's size.
        patch_size: P.
        intervention: what to change in the pass.

    Raises:
        ValueError: for a patch size or an intervention that does not fit.
    """
    change = Intervention() if intervention is None else intervention
    size, mask = config.chosen_patch_size(patch_size), change.head_mask(config)
    seen = patches.model_input(image[None], size, image_size=config.image_size)
    seen = change.on_images(seen, size)[0]
    tokens = _embedded(config, weights, seen, size, use_positions=change.use_pos_embed)
    hidden, attention = [tokens], []
    for index in range(config.depth):
        block = f"block_{index:02d}/"
        of = {name[len(block) :]: w for name, w in weights.items() if name.startswith(block)}
        mixed, shares = _attention(config, of, _norm(config, of, "norm1", tokens), mask[index])
        tokens = tokens + mixed
        tokens = tokens + _mlp(config, of, _norm(config, of, "norm2", tokens))
        hidden.append(tokens)
        attention.append(shares)
    normed = _norm(config, weights, "norm", tokens)
    on_each = normed @ weights["head/kernel"] + weights["head/bias"]  # (T, C)
    of_class = config.pooling == "class"
    logits = on_each[0] if of_class else on_each[config.num_prefix_tokens :].mean(axis=0)
    return NumpyPass(
        image=seen,
        hidden_states=np.stack(hidden),
        attention=np.stack(attention),
        patch_logits=None if of_class else on_each,
        logits=logits,
    )


def _embedded(
    config: ViTConfig,
    weights: Mapping[str, np.ndarray],
    seen: np.ndarray,
    size: int,
    *,
    use_positions: bool,
) -> np.ndarray:
    """Tokens (T, D) that enter block 0."""
    cells = patches.patchify(seen, size)  # (rows, columns, P, P, 3)
    grid = cells.shape[:2]
    pixels = patches.normalize(cells, config.pixel_range).reshape(grid[0] * grid[1], -1)
    kernel = patches.pi_resize(weights["patch_embedding/kernel"], size)  # (P, P, 3, D)
    tokens = pixels @ kernel.reshape(-1, config.width) + weights["patch_embedding/bias"]
    if use_positions and config.positions != "none":
        tokens = tokens + _positions(config, weights, grid).reshape(tokens.shape)
    prefix = [weights[name] for name in ("class_token", "registers") if name in weights]
    return np.concatenate([*prefix, tokens]).astype(np.float32)


def _positions(
    config: ViTConfig, weights: Mapping[str, np.ndarray], grid: tuple[int, int]
) -> np.ndarray:
    if config.positions == "learned":
        return patches.resize_grid(weights["positions"], grid)
    table = {"sincos1d": patches.sincos_1d, "sincos2d": patches.sincos_2d}[config.positions]
    return table(grid, config.width, base=config.pos_embed_grid)


def _unit(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Mean 0 and variance 1 over the last axis."""
    centered = values - values.mean(axis=-1, keepdims=True)
    return centered / np.sqrt(np.square(centered).mean(axis=-1, keepdims=True) + epsilon)


def _norm(
    config: ViTConfig, weights: Mapping[str, np.ndarray], name: str, tokens: np.ndarray
) -> np.ndarray:
    unit = _unit(tokens, config.layer_norm_eps)
    return unit * weights[f"{name}/scale"] + weights[f"{name}/offset"]


def _attention(
    config: ViTConfig, of: Mapping[str, np.ndarray], tokens: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What attention adds to the tokens (T, D), and its weights (H, T, T)."""
    heads, d = config.num_heads, config.d
    qkv = tokens @ of["attention/qkv_kernel"] + of["attention/qkv_bias"]
    queries, keys, values = qkv.reshape(len(tokens), 3, heads, d).transpose(1, 2, 0, 3)
    if config.qk_norm:
        queries = _unit(queries, _QK_EPSILON) * of["attention/query_scale"]
        keys = _unit(keys, _QK_EPSILON) * of["attention/key_scale"]
    scores = queries / np.float32(math.sqrt(d)) @ keys.transpose(0, 2, 1)  # (H, T, T)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = powers / powers.sum(axis=-1, keepdims=True)
    mixed = (shares @ values) * mask[:, None, None]  # (H, T, d)
    flat = mixed.transpose(1, 0, 2).reshape(len(tokens), heads * d)
    return flat @ of["attention/out_kernel"] + of["attention/out_bias"], shares


def _mlp(config: ViTConfig, of: Mapping[str, np.ndarray], tokens: np.ndarray) -> np.ndarray:
    hidden = _gelu(config, tokens @ of["mlp/hidden_kernel"] + of["mlp/hidden_bias"])
    out = hidden @ of["mlp/out_kernel"] + of["mlp/out_bias"]
    return _gelu(config, out) if config.mlp_output_gelu else out


def _gelu(config: ViTConfig, x: np.ndarray) -> np.ndarray:
    """Source: Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415"""
    if config.gelu == "exact":
        return x * (1 + _erf(x / np.float32(math.sqrt(2)))) / 2
    inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
    return x * (1 + np.tanh(inner)) / 2
