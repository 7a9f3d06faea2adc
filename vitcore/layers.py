"""The layers of a Vision Transformer, on keras.ops alone; each returns what it computed by name."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from vitcore import patches
from vitcore.functions import GELU, softmax, unit_variance

Steps = dict[str, Any]  # what a layer computed on the way, by name


@keras.saving.register_keras_serializable(package="vitcore")
class PatchEmbedding(keras.layers.Layer):
    """Cut pictures into patches and map each to a token, at any patch size.

    Call:
        pictures (B, G*P, G*P, 3), patch_size P -> tokens (B, G*G, D)

        The kernel is stored at one side and PI-resized to P inside the forward pass.

    Args:
        width: D, at least 1.
        kernel_size: side at which the kernel is stored.

    Raises:
        ValueError: when P does not divide the pictures' side.

    Source: FlexiViT, Beyer et al. 2023, https://arxiv.org/abs/2212.08013
    """

    def __init__(self, width: int, kernel_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.kernel_size = kernel_size

    def build(self, shape: tuple[int | None, ...]) -> None:
        size = self.kernel_size
        self.kernel = self.add_weight(shape=(size, size, shape[-1], self.width), name="kernel")
        self.bias = self.add_weight(shape=(self.width,), initializer="zeros", name="bias")

    def call(self, pictures: Any, patch_size: int | None = None) -> Any:
        size = self.kernel_size if patch_size is None else patch_size
        _, height, width, channels = pictures.shape
        if height % size or width % size:
            raise ValueError(
                f"patch_size must divide the picture's sides, got {size} and {height}x{width}"
            )
        rows, columns = height // size, width // size
        kernel = ops.cast(ops.convert_to_tensor(self.kernel), self.compute_dtype)
        if size != self.kernel_size:
            matrix = ops.convert_to_tensor(
                patches.kernel_matrix(self.kernel_size, size), self.compute_dtype
            )
            kernel = ops.matmul(matrix, ops.reshape(kernel, (self.kernel_size**2, -1)))
        kernel = ops.reshape(kernel, (size * size * channels, self.width))

        cut = ops.reshape(pictures, (-1, rows, size, columns, size, channels))
        cut = ops.transpose(cut, (0, 1, 3, 2, 4, 5))
        flat = ops.reshape(cut, (-1, size * size * channels))  # (B*N, P*P*3)
        return ops.reshape(ops.matmul(flat, kernel) + self.bias, (-1, rows * columns, self.width))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width, "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable(package="vitcore")
class LayerNorm(keras.layers.Layer):
    """Normalise each token over its own D numbers, then scale and shift by learned ones.

    Call:
        tokens (..., D) -> (..., D)

    Args:
        epsilon: added to the variance; 1e-6 in ViT, 1e-3 by Keras' default.

    Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450
    """

    def __init__(self, *, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
        self.offset = self.add_weight(shape=(shape[-1],), initializer="zeros", name="offset")

    def call(self, tokens: Any) -> Any:
        return unit_variance(tokens, self.epsilon) * self.scale + self.offset

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="vitcore")
class SelfAttention(keras.layers.Layer):
    """Mix tokens by similarity, and return every step of it as well.

    Call:
        tokens (B, T, D) -> mixed (B, T, D), steps

        steps["weights"] (B, H, T, T): entry [b, h, i, j] is how much token i takes from token j.
        Each row sums to 1; dropout acts on a copy, so in training too. Also "queries", "keys",
        "values" and "mixed" (B, H, T, d) and "scores" (B, H, T, T), scaled, before softmax.

        heads_on (H,): each head's output is multiplied by it before the output projection.
        probe (1, H, T, T): added to the weights; zeros give gradients with respect to them.

    Args:
        heads: H, at least 1.
        head_width: d, numbers per query, key and value.
        qk_norm: layer norm of queries and keys with a learned scale, no offset.
        dropout: probability of dropping one weight during training.

    Source: Vaswani et al. 2017, section 3.2, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        heads: int,
        head_width: int,
        *,
        qk_norm: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.head_width = head_width
        self.qk_norm = qk_norm
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, name="drop", dtype=self.dtype_policy)

    def build(self, shape: tuple[int | None, ...]) -> None:
        width, inner = shape[-1], self.heads * self.head_width
        weight = self.add_weight
        self.qkv_kernel = weight(shape=(width, 3 * inner), name="qkv_kernel")
        self.qkv_bias = weight(shape=(3 * inner,), initializer="zeros", name="qkv_bias")
        self.out_kernel = weight(shape=(inner, width), name="out_kernel")
        self.out_bias = weight(shape=(width,), initializer="zeros", name="out_bias")
        if self.qk_norm:
            one = {"shape": (self.head_width,), "initializer": "ones"}
            self.query_scale = weight(name="query_scale", **one)
            self.key_scale = weight(name="key_scale", **one)

    def call(
        self, tokens: Any, heads_on: Any = None, probe: Any = None, training: bool | None = None
    ) -> tuple[Any, Steps]:
        _, count, width = tokens.shape
        heads, head_width = self.heads, self.head_width

        # One product for all three, on flat tokens: a third faster on a CPU than three slices.
        qkv = ops.matmul(ops.reshape(tokens, (-1, width)), self.qkv_kernel) + self.qkv_bias
        qkv = ops.reshape(qkv, (-1, count, 3, heads, head_width))
        queries, keys, values = ops.unstack(
            ops.transpose(qkv, (2, 0, 3, 1, 4)), num=3, axis=0
        )  # each (B, H, T, d)
        if self.qk_norm:
            queries = unit_variance(queries, 1e-6) * self.query_scale
            keys = unit_variance(keys, 1e-6) * self.key_scale

        # Unscaled, scores grow with the head width and the softmax saturates.
        scores = ops.matmul(queries * head_width**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        weights = softmax(scores)  # (B, H, T, T)
        if probe is not None:
            weights = weights + probe

        used = self.drop(weights, training=training) if self.dropout else weights
        mixed = ops.matmul(used, values)  # (B, H, T, d)
        if heads_on is not None:
            mixed = mixed * ops.reshape(heads_on, (1, heads, 1, 1))
        flat = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, heads * head_width))
        out = ops.reshape(ops.matmul(flat, self.out_kernel) + self.out_bias, (-1, count, width))
        steps = {
            "queries": queries,
            "keys": keys,
            "values": values,
            "scores": scores,
            "weights": weights,
            "mixed": mixed,
        }
        return out, steps

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_width": self.head_width,
            "qk_norm": self.qk_norm,
            "dropout": self.dropout,
        }


@keras.saving.register_keras_serializable(package="vitcore")
class MLP(keras.layers.Layer):
    """Two dense layers with a GELU between them, applied to each token alone.

    Call:
        tokens (B, T, D) -> out (B, T, D), hidden (B, T, M) after the GELU

    Args:
        hidden_width: M.
        gelu: "tanh" or "exact".
        ends_in_gelu: a second GELU after the output, as the article has it.
        dropout: probability of dropping one number, after each dense layer.
    """

    def __init__(
        self,
        hidden_width: int,
        *,
        gelu: str = "tanh",
        ends_in_gelu: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_width = hidden_width
        self.gelu = gelu
        self.ends_in_gelu = ends_in_gelu
        self.dropout = dropout
        self.drop_hidden = keras.layers.Dropout(dropout, name="drop1", dtype=self.dtype_policy)
        self.drop_out = keras.layers.Dropout(dropout, name="drop2", dtype=self.dtype_policy)

    def build(self, shape: tuple[int | None, ...]) -> None:
        width, hidden, weight = shape[-1], self.hidden_width, self.add_weight
        self.hidden_kernel = weight(shape=(width, hidden), name="hidden_kernel")
        self.hidden_bias = weight(shape=(hidden,), initializer="zeros", name="hidden_bias")
        self.out_kernel = weight(shape=(hidden, width), name="out_kernel")
        self.out_bias = weight(shape=(width,), initializer="zeros", name="out_bias")

    def call(self, tokens: Any, training: bool | None = None) -> tuple[Any, Any]:
        _, count, width = tokens.shape
        activation = GELU[self.gelu]
        flat = ops.reshape(tokens, (-1, width))
        hidden = activation(ops.matmul(flat, self.hidden_kernel) + self.hidden_bias)
        used = self.drop_hidden(hidden, training=training) if self.dropout else hidden
        out = ops.matmul(used, self.out_kernel) + self.out_bias
        if self.ends_in_gelu:
            out = activation(out)
        if self.dropout:
            out = self.drop_out(out, training=training)
        return (
            ops.reshape(out, (-1, count, width)),
            ops.reshape(hidden, (-1, count, self.hidden_width)),
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden_width": self.hidden_width,
            "gelu": self.gelu,
            "ends_in_gelu": self.ends_in_gelu,
            "dropout": self.dropout,
        }


@keras.saving.register_keras_serializable(package="vitcore")
class Block(keras.layers.Layer):
    """One encoder block: norm, attention, residual, norm, MLP, residual.

    Call:
        tokens (B, T, D) -> tokens (B, T, D), steps

        steps holds, in order: norm1, those of SelfAttention, attention_out, residual1, norm2,
        mlp_hidden, mlp_out.

    Args:
        heads, head_width, qk_norm, attention_dropout: see SelfAttention.
        mlp_width, gelu, mlp_ends_in_gelu, dropout: see MLP.
        epsilon: of both layer norms.

    Source: Dosovitskiy et al. 2021, equations 2 and 3, https://arxiv.org/abs/2010.11929
    """

    def __init__(
        self,
        heads: int,
        head_width: int,
        mlp_width: int,
        *,
        qk_norm: bool = False,
        gelu: str = "tanh",
        mlp_ends_in_gelu: bool = False,
        epsilon: float = 1e-6,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = {
            "heads": heads,
            "head_width": head_width,
            "mlp_width": mlp_width,
            "qk_norm": qk_norm,
            "gelu": gelu,
            "mlp_ends_in_gelu": mlp_ends_in_gelu,
            "epsilon": epsilon,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
        }
        policy = self.dtype_policy
        self.norm1 = LayerNorm(epsilon=epsilon, name="norm1", dtype=policy)
        self.attention = SelfAttention(
            heads,
            head_width,
            qk_norm=qk_norm,
            dropout=attention_dropout,
            name="attention",
            dtype=policy,
        )
        self.norm2 = LayerNorm(epsilon=epsilon, name="norm2", dtype=policy)
        self.mlp = MLP(
            mlp_width,
            gelu=gelu,
            ends_in_gelu=mlp_ends_in_gelu,
            dropout=dropout,
            name="mlp",
            dtype=policy,
        )

    def build(self, shape: tuple[int | None, ...]) -> None:
        for layer in (self.norm1, self.attention, self.norm2, self.mlp):
            layer.build(shape)

    def call(
        self, tokens: Any, heads_on: Any = None, probe: Any = None, training: bool | None = None
    ) -> tuple[Any, Steps]:
        norm1 = self.norm1(tokens)
        attention_out, steps = self.attention(norm1, heads_on, probe, training=training)
        residual1 = tokens + attention_out
        norm2 = self.norm2(residual1)
        mlp_out, mlp_hidden = self.mlp(norm2, training=training)
        steps = {
            "norm1": norm1,
            **steps,
            "attention_out": attention_out,
            "residual1": residual1,
            "norm2": norm2,
            "mlp_hidden": mlp_hidden,
            "mlp_out": mlp_out,
        }
        return residual1 + mlp_out, steps

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.arguments}


def position_table(kind: str, shape: tuple[int, int], width: int, base: int) -> np.ndarray:
    """The fixed positions of one kind as (rows*columns, D) float32; zeros for "none"."""
    if kind == "none":
        return np.zeros((shape[0] * shape[1], width), np.float32)
    table = {"sincos1d": patches.sincos_1d, "sincos2d": patches.sincos_2d}[kind]
    return table(shape, width, base=base).reshape(-1, width)
