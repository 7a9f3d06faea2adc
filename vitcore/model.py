"""The Vision Transformer: built from its config, or loaded with its weights."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

from vitcore import backend, checkpoints, patches
from vitcore.config import ViTConfig
from vitcore.config.checks import one_of
from vitcore.initialisation import initial_weights
from vitcore.layers.attention import Steps
from vitcore.layers.embeddings import PatchEmbedding, position_table
from vitcore.layers.encoder import Block, LayerNorm


@keras.saving.register_keras_serializable(package="vitcore")
class ViT(keras.Model):
    """A plain Vision Transformer whose forward pass takes the patch size.

    Call:
        images (B, G*P, G*P, 3), 0 to 255, patch_size P -> logits (B, C)

        With full=True: logits, steps. steps holds "patch_embeddings" (B, N, D), without position
        embeddings; "pos_embed" (N, D); "hidden_states", a list of L+1 residual streams
        (B, T, D); "blocks", a list of L dicts (see Block); "last_hidden_state" (B, T, D), after
        the last LayerNorm; with mean pooling "patch_logits" (B, T, C), the classification head
        applied to each token alone.

        head_mask (L, H) or (B, L, H), use_pos_embed (): multiplied onto head outputs and
        position embeddings; 0 ablates.
        probe (L, 1, H, T, T): added to each block's attention weights.

    Args:
        config: a ViTConfig, or the dict of one.

    Source: Dosovitskiy et al. 2021, equations 1 to 4, https://arxiv.org/abs/2010.11929
    """

    built: bool

    def __init__(self, config: ViTConfig | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(config, ViTConfig):
            config = ViTConfig.from_dict(config)
        self.config = config
        self._compiled = SimpleNamespace(functions={})  # a bare dict would be tracked as weights
        policy = self.dtype_policy
        self.patch_embedding = PatchEmbedding(
            config.width, config.patch_embed_size, name="patch_embedding", dtype=policy
        )
        drop = keras.layers.Dropout(config.position_dropout, name="drop", dtype=policy)
        self.drop = drop if config.position_dropout else None
        self.blocks = [
            Block(
                config.num_heads,
                config.d,
                config.mlp_dim,
                qk_norm=config.qk_norm,
                gelu=config.gelu,
                mlp_output_gelu=config.mlp_output_gelu,
                epsilon=config.layer_norm_eps,
                dropout=config.dropout,
                attention_dropout=config.attention_dropout,
                name=f"block_{index:02d}",
                dtype=policy,
            )
            for index in range(config.depth)
        ]
        self.norm = LayerNorm(epsilon=config.layer_norm_eps, name="norm", dtype=policy)
        self.head = keras.layers.Dense(
            config.classes, kernel_initializer="zeros", name="head", dtype=policy
        )

    def build(self, shape: tuple[int | None, ...] | None = None) -> None:  # noqa: ARG002
        if self.built:  # `from_config` builds, and Keras builds what it loads once more
            return
        config = self.config
        width, grid = config.width, config.pos_embed_grid
        side = config.grid_side(config.patch_size) * config.patch_embed_size
        self.patch_embedding.build((None, side, side, 3))
        normal = keras.initializers.RandomNormal(stddev=0.02)
        if config.positions == "learned":
            self.positions = self.add_weight(
                shape=(grid, grid, width), initializer=normal, name="positions"
            )
        if config.pooling == "class":
            self.class_token = self.add_weight(
                shape=(1, width), initializer=normal, name="class_token"
            )
        if config.registers:
            self.registers = self.add_weight(
                shape=(config.registers, width), initializer=normal, name="registers"
            )
        layers: list[Any] = [*self.blocks, self.norm]
        for layer in layers:
            layer.build((None, config.tokens(config.patch_size), width))
        self.head.build((None, width))
        self.built = True

    def grid_positions(self, rows: int, columns: int) -> Any:
        """What is added to the patches of a rows x columns grid: (N, D)."""
        config = self.config
        if config.positions != "learned":
            table = position_table(
                config.positions, (rows, columns), config.width, config.pos_embed_grid
            )
            return ops.convert_to_tensor(table, self.compute_dtype)
        stored = ops.convert_to_tensor(self.positions.value, "float32")
        matrix = ops.convert_to_tensor(patches.grid_matrix(config.pos_embed_grid, rows, columns))
        resized = ops.matmul(matrix, ops.reshape(stored, (-1, config.width)))
        return ops.cast(resized, self.compute_dtype)

    def _prefixed(self, tokens: Any) -> Any:
        """Class token and registers, which have no position, put before the patches."""
        extra = []
        if self.config.pooling == "class":
            extra.append(self.class_token)
        if self.config.registers:
            extra.append(self.registers)
        if not extra:
            return tokens
        batch = ops.shape(tokens)[0]
        rows = [
            ops.broadcast_to(ops.cast(e, self.compute_dtype)[None], (batch, *e.shape))
            for e in extra
        ]
        return ops.concatenate([*rows, tokens], axis=1)

    def call(
        self,
        images: Any,
        patch_size: int | None = None,
        head_mask: Any = None,
        use_pos_embed: Any = None,
        probe: Any = None,
        full: bool = False,
        training: bool | None = None,
    ) -> Any:
        config = self.config
        size = config.chosen_patch_size(patch_size)
        pixels = ops.cast(images, self.compute_dtype)
        pixels = pixels / 127.5 - 1.0 if config.pixel_range == "signed" else pixels / 255.0

        embedded = self.patch_embedding(pixels, patch_size=size)  # (B, N, D)
        positions = self.grid_positions(images.shape[1] // size, images.shape[2] // size)
        if use_pos_embed is not None:
            positions = positions * ops.cast(use_pos_embed, self.compute_dtype)
        # [None]: of one image of one patch, TensorFlow's graph optimizer loses the batch axis.
        tokens = self._prefixed(embedded + positions[None])  # (B, T, D)
        if self.drop is not None:
            tokens = self.drop(tokens, training=training)

        stream, steps = [tokens], []
        for index, block in enumerate(self.blocks):
            on = None if head_mask is None else head_mask[..., index, :]
            tokens, inside = block(
                tokens, on, None if probe is None else probe[index], training=training
            )
            stream.append(tokens)
            steps.append(inside)
        normed = self.norm(tokens)
        if config.pooling == "class":
            pooled = normed[:, 0]
        else:  # registers are scratch space and take no part in the answer
            pooled = ops.mean(
                normed[:, config.num_prefix_tokens :] if config.num_prefix_tokens else normed,
                axis=1,
            )
        logits = ops.cast(self.head(pooled), "float32")
        if not full:
            return logits
        everything: Steps = {
            "patch_embeddings": embedded,
            "pos_embed": positions,
            "hidden_states": stream,
            "blocks": steps,
            "last_hidden_state": normed,
        }
        if config.pooling == "mean":
            everything["patch_logits"] = ops.cast(self.head(normed), "float32")
        return logits, everything

    def weights_by_name(self) -> dict[str, Any]:
        """The trainable Keras variables by the names that a checkpoint uses."""
        return {variable.path.split("/", 1)[1]: variable for variable in self.trainable_variables}

    def compiled_once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """A compiled function of this model: made by `make` once per key, kept as long as it."""
        functions = self._compiled.functions
        if key not in functions:
            functions[key] = make()
        return functions[key]

    def export(
        self,
        filepath: str | Path,
        format: str = "tf_saved_model",
        *,
        patch_size: int | None = None,
        **options: Any,
    ) -> None:
        """Write the forward pass at one patch size, without Python: a SavedModel or ONNX.

        Args:
            filepath: where to write.
            format: as in `keras.Model.export`.
            patch_size: P; by default the model's own.
            options: further arguments of `keras.Model.export`.

        The result maps images (B, G*P, G*P, 3) float32, 0 to 255, to logits (B, C).
        """
        size = self.config.chosen_patch_size(patch_size)
        side = self.config.grid_side(size) * size
        images = keras.Input((side, side, 3), name="images")
        fixed = keras.Model(images, self(images, patch_size=size), name=self.name)
        fixed.export(str(filepath), format=format, **options)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "config": self.config.to_dict()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> ViT:  # noqa: ARG003
        model = cls(**config)
        model.build()
        return model


def build(config: ViTConfig, *, seed: int = 0, precision: str = "float32") -> ViT:
    """An untrained model.

    Args:
        config: what to build.
        seed: of the first weights, which are the same on every backend.
        precision: "float32", or "bfloat16" for faster training; weights stay float32.

    Raises:
        ValueError: for another precision, or a Keras backend that we do not support.
    """
    one_of("float32", "bfloat16")("precision", precision)
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    return _with_weights(config, initial_weights(config, seed), policy)


def load(name_or_folder: str | Path) -> ViT:
    """A trained model.

    Args:
        name_or_folder: a bundled name, a run folder, a checkpoint folder, or a .keras file that
            `model.save` wrote.

    Raises:
        CheckpointError: if there is no such model, or its files are corrupted.
    """
    if str(name_or_folder).endswith(".keras"):
        return _load_keras(Path(name_or_folder))
    config, weights = checkpoints.read(name_or_folder)
    return _with_weights(config, weights, "float32")


def _load_keras(file: Path) -> ViT:
    backend.check()
    if not file.is_file():
        raise checkpoints.CheckpointError(f"{file} not found.")
    try:
        model = keras.saving.load_model(file, compile=False)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise checkpoints.CheckpointError(f"{file.name} could not be read: {error}") from error
    if not isinstance(model, ViT):
        raise checkpoints.CheckpointError(
            f"{file.name} must hold a vitcore ViT, got {type(model).__name__}."
        )
    return model


def _with_weights(config: ViTConfig, weights: dict[str, np.ndarray], policy: str) -> ViT:
    backend.check()
    model = ViT(config, name="vit", dtype=policy)
    model.build()
    for name, variable in model.weights_by_name().items():
        variable.assign(weights[name])
    return model
