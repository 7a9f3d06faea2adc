"""What the worker says of a model at one moment, beside the library's own trace."""

import numpy as np
import pytest

import vitcore
from explorer.client.tasks import forward_pass, snapshot_tasks
from tests.explorer.small_trainings import write_shipped
from tests.vitcore.small_models import random_image, small_config
from vitcore import checkpoints
from vitcore.initialisation import initial_weights

PIXELS = random_image()


@pytest.fixture(params=["mean", "class"])
def folder(request, tmp_path):
    config = small_config(pooling=request.param, registers=1)
    forward_pass._loaded.cache_clear()
    yield write_shipped(tmp_path / "model", config=config)
    forward_pass._loaded.cache_clear()


def looked(folder, seed=None):
    return snapshot_tasks.looked(str(folder), checkpoints.stamp(folder), PIXELS, 8, seed)


def check(said, folder):
    """Row by row and head by head."""
    trace = vitcore.trace(vitcore.load(folder), PIXELS, patch_size=8)
    np.testing.assert_allclose(said.probabilities, trace.probabilities, atol=1e-6)
    blocks, heads, tokens, _ = trace.attention.shape
    rows = [0] if trace.num_prefix_tokens == 2 else range(trace.num_prefix_tokens, tokens)
    for block in range(blocks):
        for head in range(heads):
            shares = sum(
                trace.attention[block, head, row, trace.num_prefix_tokens :] for row in rows
            )
            np.testing.assert_allclose(
                said.maps[block, head], shares / shares.sum(), atol=1e-6, rtol=1e-5
            )
    distance = vitcore.attention_distance(trace)
    np.testing.assert_allclose(said.distance, distance, rtol=1e-5)


def test_it_says_what_a_trace_says(folder):
    check(looked(folder), folder)


def test_model_before_training_is_made_of_its_seed_and_is_itself_again_afterwards(folder, tmp_path):
    config = checkpoints.read_config(folder)
    checkpoints.write(tmp_path / "first", config, initial_weights(config, 7))
    before = looked(folder)
    check(looked(folder, seed=7), tmp_path / "first")
    np.testing.assert_array_equal(looked(folder).probabilities, before.probabilities)
    assert looked(folder, seed=7).probabilities == pytest.approx(np.full(10, 0.1))
