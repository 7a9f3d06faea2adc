"""The three uses of attention in an encoder-decoder Transformer, in plain Keras."""

import keras
from keras import layers


def three_uses(num_heads, head_dim, width):
    """Attention alone: without residual connections, norms, feed-forward and positions."""
    inputs = keras.Input((None, width))  # (B, m, D)
    outputs = keras.Input((None, width))  # (B, n, D), those before the next one
    self_attention, masked, cross = (
        layers.MultiHeadAttention(num_heads, head_dim, name=name)
        for name in ("self_attention", "masked_self_attention", "cross_attention")
    )
    encoded = self_attention(query=inputs, value=inputs)  # all that a ViT keeps
    decoded = masked(query=outputs, value=outputs, use_causal_mask=True)
    read = cross(query=decoded, value=encoded)  # keys are the values, unless given
    return keras.Model([inputs, outputs], [encoded, decoded, read])
