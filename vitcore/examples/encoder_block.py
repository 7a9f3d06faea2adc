"""The encoder block in plain Keras."""

import keras
from keras import layers


class EncoderBlock(layers.Layer):
    """LayerNorm, attention, residual; LayerNorm, MLP with GELU, residual."""

    def __init__(self, num_heads, head_dim, mlp_dim, width):
        super().__init__()
        self.norm1 = layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(num_heads, head_dim)
        self.norm2 = layers.LayerNormalization()
        self.mlp = keras.Sequential([layers.Dense(mlp_dim, "gelu"), layers.Dense(width)])

    def call(self, tokens):  # (B, T, D)
        normed = self.norm1(tokens)
        tokens = tokens + self.attention(normed, normed)  # query and value: self-attention
        return tokens + self.mlp(self.norm2(tokens))  # (B, T, D): fits the next block
