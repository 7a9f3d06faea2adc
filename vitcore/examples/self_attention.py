"""Scaled dot-product and multi-head attention in plain Keras."""

from keras import ops


def attention(queries, keys, values):  # (T, d) each
    scores = queries @ ops.transpose(keys) / queries.shape[-1] ** 0.5  # (T, T)
    weights = ops.softmax(scores, axis=-1)  # each row sums to 1
    return weights @ values, weights


def multi_head_attention(tokens, heads, w_out):
    contexts = [attention(tokens @ w_q, tokens @ w_k, tokens @ w_v)[0] for w_q, w_k, w_v in heads]
    return ops.concatenate(contexts, axis=-1) @ w_out  # (T, h · d) @ (h · d, D)
