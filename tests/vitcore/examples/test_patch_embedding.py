"""The two embeddings that Patches shows, against a loop over patches."""

import numpy as np
import pytest

from vitcore.examples.patch_embedding import embed_with_conv2d, embed_with_dense

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("embed", [embed_with_dense, embed_with_conv2d])
@pytest.mark.parametrize("size", [2, 8])
def test_each_token_is_the_weighted_sum_of_its_patch(embed, size):
    images = RNG.normal(size=(2, 8, 8, 3)).astype(np.float32)
    kernel = RNG.normal(size=(size, size, 3, 5)).astype(np.float32)
    bias = RNG.normal(size=5).astype(np.float32)
    tokens = np.asarray(embed(images, kernel, bias))
    side = 8 // size
    assert tokens.shape == (2, side * side, 5)
    for image in range(2):
        for row in range(side):
            for column in range(side):
                patch = images[image, row * size :, column * size :][:size, :size]
                expected = [(patch * kernel[..., d]).sum() + bias[d] for d in range(5)]
                np.testing.assert_allclose(tokens[image, row * side + column], expected, atol=1e-4)
