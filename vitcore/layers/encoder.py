"""The encoder block: norm, attention, residual, norm, MLP, residual, each step by name."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from vitcore.layers.attention import SelfAttention, Steps
from vitcore.layers.dropout import gelu_dropped, next_key
from vitcore.layers.functions import GELU, dense, layer_norm


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
        self.output_shape = shape  # what `model.summary()` prints
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
        self.offset = self.add_weight(shape=(shape[-1],), initializer="zeros", name="offset")

    def call(self, tokens: Any) -> Any:
        return layer_norm(tokens, self.scale, self.offset, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="vitcore")
class MLP(keras.layers.Layer):
    """Two dense layers with a GELU between them, applied to each token alone.

    Call:
        tokens (B, T, D) -> out (B, T, D), hidden (B, T, M) after the GELU

    Args:
        mlp_dim: M.
        gelu: "tanh" or "exact".
        output_gelu: a second GELU after the output, as the article has it.
        dropout: probability of dropping one number, after each dense layer.
    """

    def __init__(
        self,
        mlp_dim: int,
        *,
        gelu: str = "tanh",
        output_gelu: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mlp_dim = mlp_dim
        self.gelu = gelu
        self.output_gelu = output_gelu
        self.dropout = dropout
        self.drop_hidden = keras.layers.Dropout(dropout, name="drop1", dtype=self.dtype_policy)
        self.drop_out = keras.layers.Dropout(dropout, name="drop2", dtype=self.dtype_policy)

    def build(self, shape: tuple[int | None, ...]) -> None:
        width, hidden, weight = shape[-1], self.mlp_dim, self.add_weight
        self.hidden_kernel = weight(shape=(width, hidden), name="hidden_kernel")
        self.hidden_bias = weight(shape=(hidden,), initializer="zeros", name="hidden_bias")
        self.out_kernel = weight(shape=(hidden, width), name="out_kernel")
        self.out_bias = weight(shape=(width,), initializer="zeros", name="out_bias")

    def call(self, tokens: Any, training: bool | None = None) -> tuple[Any, Any]:
        _, count, width = tokens.shape
        activation = GELU[self.gelu]
        flat = ops.reshape(tokens, (-1, width))
        drops = self.dropout if training else 0.0

        def activated(values: Any, drop: Any) -> Any:
            if not training:
                return activation(values)
            return gelu_dropped(values, next_key(drop) if drops else None, drops, self.gelu)

        before = dense(flat, self.hidden_kernel, self.hidden_bias)
        hidden = activation(before)  # shown; a training step leaves it out
        out = dense(activated(before, self.drop_hidden), self.out_kernel, self.out_bias)
        if self.output_gelu:
            out = activated(out, self.drop_out)
        elif drops:
            out = self.drop_out(out, training=True)
        return (
            ops.reshape(out, (-1, count, width)),
            ops.reshape(hidden, (-1, count, self.mlp_dim)),
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mlp_dim": self.mlp_dim,
            "gelu": self.gelu,
            "output_gelu": self.output_gelu,
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
        num_heads, head_dim, qk_norm, attention_dropout: see SelfAttention.
        mlp_dim, gelu, mlp_output_gelu, dropout: see MLP.
        epsilon: of both layer norms.

    Source: Dosovitskiy et al. 2021, equations 2 and 3, https://arxiv.org/abs/2010.11929
    """

    def __init__(
        self,
        num_heads: int,
        head_dim: int,
        mlp_dim: int,
        *,
        qk_norm: bool = False,
        gelu: str = "tanh",
        mlp_output_gelu: bool = False,
        epsilon: float = 1e-6,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = {
            "num_heads": num_heads,
            "head_dim": head_dim,
            "mlp_dim": mlp_dim,
            "qk_norm": qk_norm,
            "gelu": gelu,
            "mlp_output_gelu": mlp_output_gelu,
            "epsilon": epsilon,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
        }
        policy = self.dtype_policy
        self.norm1 = LayerNorm(epsilon=epsilon, name="norm1", dtype=policy)
        self.attention = SelfAttention(
            num_heads,
            head_dim,
            qk_norm=qk_norm,
            dropout=attention_dropout,
            name="attention",
            dtype=policy,
        )
        self.norm2 = LayerNorm(epsilon=epsilon, name="norm2", dtype=policy)
        self.mlp = MLP(
            mlp_dim,
            gelu=gelu,
            output_gelu=mlp_output_gelu,
            dropout=dropout,
            name="mlp",
            dtype=policy,
        )

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.output_shape = shape  # of the tokens: what `model.summary()` prints
        for layer in (self.norm1, self.attention, self.norm2, self.mlp):
            layer.build(shape)

    def call(
        self, tokens: Any, head_mask: Any = None, probe: Any = None, training: bool | None = None
    ) -> tuple[Any, Steps]:
        norm1 = self.norm1(tokens)
        attention_out, steps = self.attention(norm1, head_mask, probe, training=training)
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
