"""A second Vision Transformer, from the weights' file: NumPy in float64, many images at once.

Shares no line with vitcore. What it is given may be complex: a derivative is then the imaginary
part of what comes out, divided by a tiny imaginary step (Squire & Trapp 1998).
"""

from dataclasses import dataclass

import numpy as np

from tests.vitcore.slow_vit import pi_resized, positions


@dataclass
class Pass:
    stream: list  # L+1 arrays (B, T, D)
    attention: list  # L arrays (B, H, T, T)
    normed: np.ndarray  # (B, T, D)
    logits: np.ndarray  # (B, C)


def layer_norm(tokens, scale, offset, epsilon):
    centered = tokens - tokens.mean(-1, keepdims=True)
    variance = (centered * centered).mean(-1, keepdims=True)
    return centered / np.sqrt(variance + epsilon) * scale + offset


def gelu(x):
    """The tanh form, which both bundled networks of this test have."""
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def softmax(scores):
    powers = np.exp(scores - scores.real.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def forward(config, weights, images, patch_size, *, mask=None, probe=None):
    """Images (B, G*P, G*P, 3) through the network.

    Args:
        mask: (L, H), what each head's output is multiplied by.
        probe: (B, L, H, T, T), added to the attention weights.
    """
    w = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    side, count = images.shape[1] // patch_size, len(images)
    pixels = images / 127.5 - 1
    patches = pixels.reshape(count, side, patch_size, side, patch_size, 3)
    patches = patches.transpose(0, 1, 3, 2, 4, 5).reshape(count, side * side, -1)
    kernel = pi_resized(w["patch_embedding/kernel"], patch_size).reshape(patches.shape[-1], -1)
    tokens = patches @ kernel + w["patch_embedding/bias"] + positions(config, w, side)
    for name in ("registers", "class_token"):
        if name in w:
            row = np.broadcast_to(w[name], (count, *w[name].shape))
            tokens = np.concatenate([row, tokens], axis=1)

    heads, stream, attention = config.num_heads, [tokens], []
    for index in range(config.depth):

        def of(name, block=f"block_{index:02d}"):
            return w[f"{block}/{name}"]

        def norm(x, name, of=of):
            return layer_norm(x, of(f"{name}/scale"), of(f"{name}/offset"), config.layer_norm_eps)

        qkv = norm(tokens, "norm1") @ of("attention/qkv_kernel") + of("attention/qkv_bias")
        q, k, v = np.moveaxis(qkv.reshape(*qkv.shape[:2], 3, heads, -1), (2, 3), (0, 2))
        a = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))  # (B, H, T, T)
        attention.append(a)
        if probe is not None:
            a = a + probe[:, index]
        mixed = a @ v
        if mask is not None:
            mixed = mixed * mask[index][:, None, None]
        mixed = mixed.swapaxes(1, 2).reshape(*tokens.shape[:2], -1)
        tokens = tokens + mixed @ of("attention/out_kernel") + of("attention/out_bias")
        hidden = gelu(norm(tokens, "norm2") @ of("mlp/hidden_kernel") + of("mlp/hidden_bias"))
        tokens = tokens + hidden @ of("mlp/out_kernel") + of("mlp/out_bias")
        stream.append(tokens)

    normed = layer_norm(tokens, w["norm/scale"], w["norm/offset"], config.layer_norm_eps)
    return Pass(stream, attention, normed, classified(config, w, normed))


def classified(config, weights, normed):
    """Logits (B, C) of tokens (B, T, D) after the last norm."""
    pooled = (
        normed[:, 0] if config.pooling == "class" else normed[:, config.num_prefix_tokens :].mean(1)
    )
    return pooled @ weights["head/kernel"] + weights["head/bias"]


def attention_gradients(config, weights, image, patch_size, class_index, entries, step=1e-30):
    """∂logit/∂attention of one image by complex steps, at `entries` of the flat (L, H, T, T)."""
    tokens = config.tokens(patch_size)
    probe = np.zeros((len(entries), config.depth, config.num_heads, tokens, tokens), complex)
    probe.reshape(len(entries), -1)[np.arange(len(entries)), entries] = 1j * step
    images = np.repeat(image[None], len(entries), axis=0)
    result = forward(config, weights, images, patch_size, probe=probe)
    return result.logits[:, class_index].imag / step
