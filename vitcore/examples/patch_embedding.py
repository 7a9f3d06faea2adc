"""Two ways to embed the patches of images in Keras, as the Patches page shows and runs them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def embed_with_dense(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> Any:
    size, dim = kernel.shape[0], kernel.shape[-1]
    patches = keras.ops.image.extract_patches(images, size, padding="valid")
    batch, rows, columns, values = patches.shape  # values: P · P · 3
    patches = keras.ops.reshape(patches, (batch, rows * columns, values))

    dense = keras.layers.Dense(dim)
    dense.build(patches.shape)
    dense.set_weights([kernel.reshape(values, dim), bias])
    return dense(patches)  # (B, N, D)


def embed_with_conv2d(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> Any:
    size, dim = kernel.shape[0], kernel.shape[-1]
    conv = keras.layers.Conv2D(dim, kernel_size=size, strides=size)
    conv.build(images.shape)
    conv.set_weights([kernel, bias])

    tokens = conv(images)
    batch, rows, columns, _ = tokens.shape
    return keras.ops.reshape(tokens, (batch, rows * columns, dim))  # (B, N, D)
