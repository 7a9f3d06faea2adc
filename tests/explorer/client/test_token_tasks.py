"""The worker's comparison of tokens is that of the library on the same trace."""

import numpy as np
import pytest

import vitcore
from explorer.client.tasks import forward_pass, token_tasks
from vitcore import checkpoints


@pytest.mark.parametrize("patch_size", [8, 32])
def test_maps_are_those_of_the_patches_in_the_trace(image, patch_size):
    folder = checkpoints.folder_of("flexi-cifar10")
    stamp = checkpoints.stamp(folder)
    found = token_tasks.token_maps(str(folder), stamp, image.pixels, patch_size)
    model = forward_pass.compiled(str(folder), stamp, patch_size)
    trace = vitcore.trace(model, image.pixels, patch_size=patch_size)
    patches = np.asarray(trace.hidden_states, np.float64)[:, trace.num_prefix_tokens :]
    units = patches / np.linalg.norm(patches, axis=-1, keepdims=True)
    expected = np.einsum("lid,ljd->lij", units, units)
    np.testing.assert_allclose(found.similarity, expected, atol=1e-5)
    assert found.components.shape == (*patches.shape[:2], 3)
    assert found.grid == tuple(trace.grid)
