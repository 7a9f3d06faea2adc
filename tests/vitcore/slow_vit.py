"""A Vision Transformer from the papers' equations, with loops: slow, obvious, the referee."""

import math

import numpy as np


def bilinear(length, size, *, antialias):
    """One-dimensional bilinear resizing as a (size, length) matrix, sample by sample."""
    step = length / size
    rows = []
    for target in range(size):
        centre = (target + 0.5) * step - 0.5
        if not antialias:
            centre = min(max(centre, 0), length - 1)
        reach = max(step, 1) if antialias else 1
        row = [max(0, 1 - abs(source - centre) / reach) for source in range(length)]
        rows.append([share / sum(row) for share in row])
    return np.array(rows)


def square(length, size, *, antialias):
    """The same in two dimensions, on flattened squares: (size², length²)."""
    line = bilinear(length, size, antialias=antialias)
    rows = []
    for y in range(size):
        for x in range(size):
            rows.append(np.outer(line[y], line[x]).reshape(-1))
    return np.array(rows)


def pi_resized(kernel, size):
    """The least-squares kernel: minimal w' with Bᵀ w' = w. kernel (p, p, C, D)."""
    base, _, channels, width = kernel.shape
    if base == size:
        return kernel
    matrix = square(base, size, antialias=False)
    flat = kernel.reshape(base * base, channels * width)
    solution = np.linalg.lstsq(matrix.T, flat, rcond=None)[0]
    return solution.reshape(size, size, channels, width)


def sines(place, width):
    steps = max(1, width // 2 - 1)
    angles = [place / 10_000 ** (k / steps) for k in range(width // 2)]
    return [math.sin(a) for a in angles] + [math.cos(a) for a in angles]


def positions(config, weights, side):
    """(side*side, D), row by row."""
    base, width = config.pos_embed_grid, config.width
    if config.positions == "none":
        return np.zeros((side * side, width))
    if config.positions == "learned":
        return square(base, side, antialias=True) @ weights["positions"].reshape(-1, width)
    table = []
    for row in range(side):
        for column in range(side):
            if config.positions == "sincos1d":
                number = (row * side + column + 0.5) * base**2 / side**2 - 0.5
                table.append(sines(number, width))
            else:
                y, x = ((place + 0.5) * base / side - 0.5 for place in (row, column))
                table.append(sines(x, width // 2) + sines(y, width // 2))
    return np.array(table)


def layer_norm(tokens, epsilon, scale, offset=0.0):
    return np.array(
        [(t - t.mean()) / math.sqrt(t.var() + epsilon) * scale + offset for t in tokens]
    )


def gelu(x, kind):
    if kind == "exact":
        return x * (1 + math.erf(x / math.sqrt(2))) / 2
    return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def softmax(row):
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def attend(config, weights, name, tokens):
    """(T, D) mixed and projected, and the weights (H, T, T)."""
    heads, d = config.num_heads, config.d
    kernel = weights[f"{name}/qkv_kernel"].reshape(-1, 3, heads, d)
    bias = weights[f"{name}/qkv_bias"].reshape(3, heads, d)
    mixed, shown = [], []
    for head in range(heads):
        q, k, v = (tokens @ kernel[:, i, head] + bias[i, head] for i in range(3))
        if config.qk_norm:
            q = layer_norm(q, 1e-6, weights[f"{name}/query_scale"])
            k = layer_norm(k, 1e-6, weights[f"{name}/key_scale"])
        shares = np.array([softmax(np.array([a @ b for b in k]) / math.sqrt(d)) for a in q])
        mixed.append(shares @ v)
        shown.append(shares)
    joined = np.concatenate(mixed, axis=1)
    return joined @ weights[f"{name}/out_kernel"] + weights[f"{name}/out_bias"], np.array(shown)


def forward(config, weights, image, patch_size):
    """One image (G*P, G*P, 3) through the network, in float64.

    Returns tokens (L+1, T, D), attention (L, H, T, T), normed (T, D) and logits (C,).
    """
    weights = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    pixels = image.astype(np.float64)
    pixels = pixels / 127.5 - 1 if config.pixel_range == "signed" else pixels / 255
    side = image.shape[0] // patch_size
    kernel = pi_resized(weights["patch_embedding/kernel"], patch_size)
    tokens = []
    for row in range(side):
        for column in range(side):
            y, x = row * patch_size, column * patch_size
            patch = pixels[y : y + patch_size, x : x + patch_size]
            tokens.append(np.einsum("yxc,yxcd->d", patch, kernel))
    tokens = np.array(tokens) + weights["patch_embedding/bias"]
    tokens = tokens + positions(config, weights, side)
    extra = [weights[name] for name in ("class_token", "registers") if name in weights]
    tokens = np.concatenate([*extra, tokens])

    stream, attention = [tokens], []
    for index in range(config.depth):
        block = f"block_{index:02d}"

        def norm(x, name, block=block):
            name = f"{block}/{name}"
            scale, offset = weights[f"{name}/scale"], weights[f"{name}/offset"]
            return layer_norm(x, config.layer_norm_eps, scale, offset)

        out, shares = attend(config, weights, f"{block}/attention", norm(tokens, "norm1"))
        tokens = tokens + out
        mlp = {name: weights[f"{block}/mlp/{name}"] for name in MLP}
        activation = np.vectorize(lambda x: gelu(x, config.gelu))
        hidden = activation(norm(tokens, "norm2") @ mlp["hidden_kernel"] + mlp["hidden_bias"])
        out = hidden @ mlp["out_kernel"] + mlp["out_bias"]
        tokens = tokens + (activation(out) if config.mlp_output_gelu else out)
        stream.append(tokens)
        attention.append(shares)
    normed = layer_norm(
        tokens, config.layer_norm_eps, weights["norm/scale"], weights["norm/offset"]
    )
    patches = normed[config.num_prefix_tokens :]
    pooled = normed[0] if config.pooling == "class" else patches.mean(axis=0)
    logits = pooled @ weights["head/kernel"] + weights["head/bias"]
    return np.array(stream), np.array(attention), normed, logits


MLP = ("hidden_kernel", "hidden_bias", "out_kernel", "out_bias")
