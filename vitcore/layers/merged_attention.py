"""Attention with fewer products, for heads at least as wide as a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops


def merged_attention(
    tokens: Any,
    qkv: tuple[Any, Any],
    out: tuple[Any, Any],
    num_heads: int,
    attend: Callable[[Any], tuple[Any, Any]],
) -> Any:
    """Self-attention by products of its weights, the same function but for rounding.

    A head's scores are x Wq (x Wk)ᵀ = x (Wq Wkᵀ) xᵀ and what it adds is A (x Wv) Wo = (A x) Wv Wo.
    Where D <= d the small products in brackets save a third of the large ones, no key or value is
    made, and rows stay in the order (image, token, head), so nothing large is transposed. The
    bias of the keys adds the same number to all scores of a query, which softmax does not see.

    Args:
        tokens: (B, T, D).
        qkv: kernel (D, 3 * H * d) and bias (3 * H * d,), as in SelfAttention.
        out: kernel (H * d, D) and bias (D,).
        num_heads: H.
        attend: from scores (B, T * H, T) to used weights, alike, and their sums (B, T * H).

    Returns:
        (B, T, D).
    """
    _, count, width = tokens.shape
    head_dim = qkv[0].shape[-1] // (3 * num_heads)
    kernel = ops.reshape(qkv[0], (width, 3, num_heads, head_dim))
    to_query, to_key, to_value = ops.unstack(ops.transpose(kernel, (1, 2, 0, 3)), num=3)
    query_bias, _, value_bias = ops.unstack(
        ops.reshape(qkv[1], (3, num_heads, 1, head_dim)), num=3
    )  # kernels (H, D, d), biases (H, 1, d)
    to_out = ops.reshape(out[0], (num_heads, head_dim, width))

    from_key = ops.transpose(to_key, (0, 2, 1)) * head_dim**-0.5
    ask = ops.transpose(ops.matmul(to_query, from_key), (1, 0, 2))
    asked = ops.matmul(ops.reshape(tokens, (-1, width)), ops.reshape(ask, (width, -1)))
    asked = asked + ops.reshape(ops.matmul(query_bias, from_key), (-1,))  # (B*T, H*D)
    asked = ops.reshape(asked, (-1, count * num_heads, width))
    used, sums = attend(ops.matmul(asked, ops.transpose(tokens, (0, 2, 1))))

    mixed = ops.reshape(ops.matmul(used, tokens), (-1, num_heads * width))
    tell = ops.reshape(ops.matmul(to_value, to_out), (num_heads * width, width))
    tell_bias = ops.reshape(ops.matmul(value_bias, to_out), (num_heads, width))
    result = ops.matmul(mixed, tell) + out[1]
    result = result + ops.matmul(ops.reshape(sums, (-1, num_heads)), tell_bias)
    return ops.reshape(result, (-1, count, width))
