"""What the worker computes, on small untrained models, called in this process."""

from dataclasses import fields

import numpy as np
import pytest

from explorer.client.tasks import forward_pass
from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.intervention import Intervention
from vitcore.numpy_forward import numpy_forward


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    def folder_of(pooling):
        folder = tmp_path_factory.getbasetemp() / f"small-{pooling}"
        if not folder.exists():
            config = ViTConfig(width=16, depth=2, num_heads=2, mlp_dim=32, pooling=pooling)
            weights = initial_weights(config, 0)
            noise = np.random.default_rng(1)
            weights = {
                name: np.asarray(value + noise.normal(0, 0.1, value.shape), np.float32)
                for name, value in weights.items()
            }
            checkpoints.write(folder, config, weights)
        return str(folder)

    return folder_of


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


@pytest.mark.parametrize("size, side", [(4, 8), (5, 6), (32, 1)])
@pytest.mark.parametrize("pooling, prefix", [("mean", 0), ("class", 1)])
def test_a_reading_has_the_promised_shapes(folder_of, pixels, size, side, pooling, prefix):
    reading = forward_pass.forward(folder_of(pooling), (1,), pixels, size, None)
    tokens = prefix + side * side
    assert (reading.patch_size, reading.grid, reading.num_prefix_tokens) == (
        size,
        (side, side),
        prefix,
    )
    assert reading.image.shape == (side * size, side * size, 3)
    assert reading.image.dtype == np.uint8
    assert reading.tokens.shape == (tokens, 16)
    assert reading.attention.shape == (2, 2, tokens, tokens)
    np.testing.assert_allclose(reading.attention.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities.sum(), 1, atol=1e-5)
    assert 0 < reading.seconds < 5
    if pooling == "class":
        assert reading.patch_logits is None
    else:
        assert reading.patch_logits.shape == (side * side, 10)
        np.testing.assert_allclose(reading.patch_logits.mean(0), reading.logits, atol=1e-4)
    assert reading.logit_lens.shape == (3, 10)
    assert reading.patch_logit_lens.shape == (3, side * side, 10)
    np.testing.assert_allclose(reading.logit_lens[-1], reading.probabilities, atol=1e-5)
    np.testing.assert_allclose(reading.patch_logit_lens.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(reading.token_norms[0], np.linalg.norm(reading.tokens, axis=1), 1e-5)
    assert reading.token_norms.shape == (3, tokens)
    arrays = (reading.tokens, reading.attention, reading.logits, reading.probabilities)
    for array in (*arrays, reading.logit_lens, reading.patch_logit_lens, reading.token_norms):
        assert array.dtype == np.float32


def test_models_of_one_build_share_the_compiled_passes_and_not_the_weights(
    folder_of, pixels, tmp_path
):
    first = folder_of("mean")
    config, weights = checkpoints.read(first)
    other = str(tmp_path / "other")
    checkpoints.write(tmp_path / "other", config, {n: 0.5 * w for n, w in weights.items()})
    answers = [
        forward_pass.forward(folder, (1,), pixels, 16, None) for folder in (first, other, first)
    ]
    np.testing.assert_array_equal(answers[0].logits, answers[2].logits)
    assert np.abs(answers[0].logits - answers[1].logits).max() > 1e-3
    assert forward_pass.compiled(first, (1,), 16) is forward_pass.compiled(other, (1,), 16)


def test_new_weights_in_the_same_folder_are_used(pixels, folder_of, tmp_path):
    config, weights = checkpoints.read(folder_of("mean"))
    answers = []
    for stamp, scale in ((1, 1.0), (2, 0.5)):
        checkpoints.write(tmp_path / "run", config, {n: scale * w for n, w in weights.items()})
        answers.append(forward_pass.forward(str(tmp_path / "run"), (stamp,), pixels, 16, None))
    assert np.abs(answers[0].logits - answers[1].logits).max() > 1e-3


@pytest.mark.parametrize("pooling", ["mean", "class"])
@pytest.mark.parametrize("change", [None, Intervention(ablated_heads=((1, 0),), patches={0: 3})])
def test_the_pass_before_there_is_a_worker_is_the_worker_s(folder_of, pixels, pooling, change):
    folder = folder_of(pooling)
    theirs = forward_pass.forward(folder, (1,), pixels, 8, change)
    config, weights = checkpoints.read(folder)
    found = numpy_forward(config, weights, pixels, patch_size=8, intervention=change)
    mine = forward_pass.model_output(config, weights, found, patch_size=8, seconds=1.0)
    for field in fields(mine):
        one, other = getattr(mine, field.name), getattr(theirs, field.name)
        if field.name == "seconds" or other is None:
            assert (one is None) == (other is None)
        else:
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_an_intervention_changes_the_answer(folder_of, pixels):
    folder = folder_of("mean")
    as_it_is = forward_pass.forward(folder, (1,), pixels, 8, None)
    for change in (
        Intervention(ablated_heads=((0, 0), (1, 1))),
        Intervention(patches={0: 5, 5: None}),
        Intervention(use_pos_embed=False),
    ):
        changed = forward_pass.forward(folder, (1,), pixels, 8, change)
        assert np.abs(changed.logits - as_it_is.logits).max() > 1e-4


@pytest.mark.parametrize("size", [2, 4, 5, 32])
def test_dense_and_convolution_embed_alike(folder_of, pixels, size):
    difference = forward_pass.dense_conv_difference(folder_of("mean"), (1,), pixels, size)
    assert 0 <= difference < 1e-4


def test_a_model_that_is_not_there_is_left_to_the_one_who_asks(tmp_path, capsys):
    assert not forward_pass.warm_if_possible(str(tmp_path / "nothing"), (1,), 4)
    assert "CheckpointError" in capsys.readouterr().err


def test_many_tokens_are_warmed_for_nobody(tmp_path, monkeypatch):
    warmed = []
    monkeypatch.setattr(forward_pass, "warm", lambda *what: warmed.append(what[2]))
    config = ViTConfig(image_size=64, width=12, depth=1)
    checkpoints.write(tmp_path, config, initial_weights(config))
    for size in (1, 2, 4):  # 4,096, 1,024 and 256 patches
        forward_pass.warm_if_possible(str(tmp_path), (1,), size)
    assert warmed == [2, 4]


def test_answers_are_the_logits_of_the_test_images(folder_of):
    folder = folder_of("mean")
    logits, seconds = forward_pass.test_logits(folder, (1,), "sketch10", 20, 3, 8)
    from vitcore import load, sketch10
    from vitcore.tracing import predict_logits

    images, _, _ = sketch10(3, start=20)
    expected = predict_logits(load(folder), images, patch_size=8)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert 0 < seconds < 20
