"""Two ways to embed the patches of images in plain Keras."""

from keras import layers, ops


def embed_with_dense(images, kernel, bias):
    size, dim = kernel.shape[0], kernel.shape[-1]
    cut = ops.image.extract_patches(images, size)
    batch, *_, values = cut.shape  # P · P · 3 values
    patches = ops.reshape(cut, (batch, -1, values))

    dense = layers.Dense(dim, name="dense")
    dense.build(patches.shape)
    kernel = kernel.reshape(values, dim)
    dense.set_weights([kernel, bias])
    return dense(patches)  # (B, N, D)


def embed_with_conv2d(images, kernel, bias):
    size, dim = kernel.shape[0], kernel.shape[-1]
    conv = layers.Conv2D(dim, size, strides=size, name="conv")
    conv.build(images.shape)
    conv.set_weights([kernel, bias])

    tokens = conv(images)
    shape = (tokens.shape[0], -1, dim)
    return ops.reshape(tokens, shape)  # (B, N, D)
