"""A whole Vision Transformer in plain Keras."""

import keras
from keras import layers

from vitcore.examples.encoder_block import EncoderBlock


class PositionEmbedding(layers.Layer):
    """One learned vector per position, added to its token."""

    def build(self, shape):
        self.table = self.add_weight(shape=(1, *shape[1:]), initializer="random_normal")

    def call(self, tokens):  # (B, N, D)
        return tokens + self.table


def vit(patch_size=4, width=64, depth=6, num_heads=4, head_dim=64, mlp_dim=128):
    """By default as large as the network of the article: 507,210 parameters."""
    images = keras.Input((32, 32, 3))
    tokens = layers.Conv2D(width, kernel_size=patch_size, strides=patch_size)(images)
    tokens = layers.Reshape((-1, width))(tokens)  # (B, N, D)
    tokens = PositionEmbedding()(tokens)
    for _ in range(depth):
        tokens = EncoderBlock(num_heads, head_dim, mlp_dim, width)(tokens)
    tokens = layers.LayerNormalization()(tokens)
    pooled = layers.GlobalAveragePooling1D()(tokens)  # instead of a class token
    return keras.Model(images, layers.Dense(10)(pooled))  # logits
