"""From pixels to tokens: patches embedded at any size, and the fixed kinds of positions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from vitcore import patches


@keras.saving.register_keras_serializable(package="vitcore")
class PatchEmbedding(keras.layers.Layer):
    """Cut images into patches and map each to a token, at any patch size.

    Call:
        images (B, G*P, G*P, 3), patch_size P -> tokens (B, G*G, D)

        The kernel is stored at one side and PI-resized to P inside the forward pass.

    Args:
        width: D, at least 1.
        patch_embed_size: side at which the kernel is stored.

    Raises:
        ValueError: when P does not divide the images' side.

    Source: FlexiViT, Beyer et al. 2023, https://arxiv.org/abs/2212.08013
    """

    def __init__(self, width: int, patch_embed_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.patch_embed_size = patch_embed_size

    def build(self, shape: tuple[Any, ...]) -> None:
        size = self.patch_embed_size
        cells = shape[1] // size * (shape[2] // size)
        self.output_shape = (None, cells, self.width)  # what `model.summary()` prints
        self.kernel = self.add_weight(shape=(size, size, shape[-1], self.width), name="kernel")
        self.bias = self.add_weight(shape=(self.width,), initializer="zeros", name="bias")

    def call(self, images: Any, patch_size: int | None = None) -> Any:
        size = self.patch_embed_size if patch_size is None else patch_size
        _, height, width, channels = images.shape
        if height % size or width % size:
            raise ValueError(
                f"patch_size must divide the image size, got {size} and {height}x{width}"
            )
        rows, columns = height // size, width // size
        # Resized in float32 whatever the precision: pinv's large entries cancel.
        kernel = ops.convert_to_tensor(self.kernel.value, "float32")
        if size != self.patch_embed_size:
            matrix = ops.convert_to_tensor(patches.kernel_matrix(self.patch_embed_size, size))
            kernel = ops.matmul(matrix, ops.reshape(kernel, (self.patch_embed_size**2, -1)))
        kernel = ops.reshape(kernel, (size * size * channels, self.width))
        kernel = ops.cast(kernel, self.compute_dtype)

        cut = ops.reshape(images, (-1, rows, size, columns, size, channels))
        cut = ops.transpose(cut, (0, 1, 3, 2, 4, 5))
        flat = ops.reshape(cut, (-1, size * size * channels))  # (B*N, P*P*3)
        return ops.reshape(ops.matmul(flat, kernel) + self.bias, (-1, rows * columns, self.width))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "patch_embed_size": self.patch_embed_size,
        }


def position_table(kind: str, shape: tuple[int, int], width: int, base: int) -> np.ndarray:
    """The fixed positions of one kind as (rows*columns, D) float32; zeros for "none"."""
    if kind == "none":
        return np.zeros((shape[0] * shape[1], width), np.float32)
    table = {"sincos1d": patches.sincos_1d, "sincos2d": patches.sincos_2d}[kind]
    return table(shape, width, base=base).reshape(-1, width)
