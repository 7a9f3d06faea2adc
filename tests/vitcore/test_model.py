"""The whole network: the notebook's, the papers', and its own patch sizes."""

import keras
import numpy as np
import pytest

from tests.vitcore import slow_vit
from tests.vitcore.small_models import (
    random_image,
    random_weights,
    small_config,
    small_model,
    weights_of,
)
from vitcore import checkpoints, patches
from vitcore.bench import article_model
from vitcore.config import PRESETS
from vitcore.model import ViT, build, load
from vitcore.tracing import predict

# Every patch size and every choice at least once.
CASES = [
    (2, {}),
    (4, {"pooling": "class"}),
    (5, {"positions": "sincos2d"}),
    (8, {"registers": 2}),
    (32, {}),
    (32, {"pooling": "class", "registers": 1}),
    (11, {"positions": "sincos1d", "pooling": "class"}),
    (8, {"positions": "none", "qk_norm": True}),
    (4, {"gelu": "exact", "mlp_output_gelu": True, "layer_norm_eps": 1e-3, "pixel_range": "unit"}),
    (16, {"num_heads": 3, "head_dim": 6, "patch_embed_size": 6, "pos_embed_grid": 5, "classes": 4}),
    (8, {"dropout": 0.2, "attention_dropout": 0.2, "position_dropout": 0.2}),
    (6, {"image_size": 24, "depth": 1}),
]


@pytest.mark.parametrize(("patch_size", "changes"), CASES)
def test_forward_pass_is_that_of_the_papers(patch_size, changes):
    model = small_model(**changes)
    config = model.config
    side = config.grid_side(patch_size) * patch_size
    image = patches.resize_image(random_image(side=config.image_size), side)
    told, steps = model(image[None], patch_size=patch_size, full=True)
    stream, attention, normed, logits = slow_vit.forward(
        config, weights_of(model), image, patch_size
    )
    for tokens, expected in zip(steps["hidden_states"], stream, strict=True):
        np.testing.assert_allclose(np.asarray(tokens)[0], expected, rtol=1e-4, atol=1e-4)
    for block, expected in zip(steps["blocks"], attention, strict=True):
        np.testing.assert_allclose(np.asarray(block["weights"])[0], expected, atol=1e-5)
    np.testing.assert_allclose(
        np.asarray(steps["last_hidden_state"])[0], normed, rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(np.asarray(told)[0], logits, rtol=1e-4, atol=1e-5)


def notebook_weights(weights):
    """Ours in the order and shapes of the notebook's layers."""
    kernel, bias = weights["patch_embedding/kernel"], weights["patch_embedding/bias"]
    yield from (kernel, bias, weights["positions"].reshape(1, 64, 64))
    for index in range(6):
        block = {
            name.split("/", 1)[1]: value
            for name, value in weights.items()
            if name.startswith(f"block_{index:02d}/")
        }
        yield from (block["norm1/scale"], block["norm1/offset"])
        kernels = np.split(block["attention/qkv_kernel"], 3, axis=1)
        biases = np.split(block["attention/qkv_bias"], 3)
        for kernel, bias in zip(kernels, biases, strict=True):
            yield from (kernel.reshape(64, 4, 64), bias.reshape(4, 64))
        yield from (block["attention/out_kernel"].reshape(4, 64, 64), block["attention/out_bias"])
        yield from (block["norm2/scale"], block["norm2/offset"])
        yield from (block[f"mlp/{name}"] for name in slow_vit.MLP)
    yield from (weights[name] for name in ("norm/scale", "norm/offset", "head/kernel", "head/bias"))


def test_article_preset_is_the_notebooks_network(rng):
    theirs = article_model.network()
    assert theirs.count_params() == 507_210
    ours = build(PRESETS["article"])
    assert ours.count_params() == 507_210
    weights = random_weights(PRESETS["article"])
    for name, variable in ours.weights_by_name().items():
        variable.assign(weights[name])
    values = list(notebook_weights(weights))
    for variable, value in zip(theirs.trainable_variables, values, strict=True):
        variable.assign(value)
    images = rng.integers(0, 256, (3, 32, 32, 3), np.uint8)
    expected = np.asarray(theirs(images.astype(np.float32) / 255, training=False))
    ours_says = np.asarray(ours(images, training=False))
    np.testing.assert_allclose(ours_says, expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(expected) > 0.1  # else anything would be near


@pytest.mark.parametrize("name", PRESETS)
def test_untrained_preset_finds_every_class_as_likely(name):
    assert not np.asarray(build(PRESETS[name])(random_image()[None])).any()


def test_one_set_of_weights_answers_at_every_patch_size():
    model = small_model()
    answers = [
        np.asarray(model(patches.model_input(random_image()[None], size), patch_size=size))[0]
        for size in (2, 3, 4, 5, 6, 8, 11, 16, 32)
    ]
    assert np.isfinite(answers).all()
    assert len({tuple(answer) for answer in np.round(answers, 4)}) == 9


def test_constant_image_is_embedded_alike_by_a_grown_kernel():
    # PI-resize keeps the embedding of a patch that was itself resized: of one colour always.
    model, grey = small_model(positions="none"), np.full((1, 32, 32, 3), 90, np.uint8)
    answers = [np.asarray(model(grey, patch_size=size)) for size in (4, 8, 16, 32)]
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], rtol=1e-3, atol=1e-3)


def test_weights_have_the_names_that_checkpoints_use():
    model = small_model(pooling="class", registers=2, qk_norm=True)
    assert {
        name: tuple(variable.shape) for name, variable in model.weights_by_name().items()
    } == checkpoints.weight_shapes(model.config)


def test_two_models_in_one_process_use_the_same_names():
    assert set(small_model().weights_by_name()) == set(small_model().weights_by_name())


def test_saved_model_is_loaded_with_its_answers(tmp_path):
    model = small_model(pooling="class")
    checkpoints.write(tmp_path, model.config, weights_of(model))
    loaded = load(tmp_path)
    assert loaded.config == model.config
    images = random_image()[None]
    np.testing.assert_array_equal(predict(loaded, images), predict(model, images))


# Keras' own: it reads its variables without NumPy 2's copy argument.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_model_keeps_the_contract_of_keras(tmp_path):
    model = small_model(pooling="class", qk_norm=True)
    images = random_image()[None]
    model.save(tmp_path / "vit.keras")
    loaded = keras.models.load_model(tmp_path / "vit.keras")
    assert isinstance(loaded, ViT)
    assert loaded.config == model.config
    np.testing.assert_allclose(
        np.asarray(loaded(images, patch_size=8)),
        np.asarray(model(images, patch_size=8)),
        atol=1e-5,
    )


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match="precision must be one of float32, bfloat16, got 'bf16'"):
        build(small_config(), precision="bf16")


def test_bfloat16_computes_coarsely_and_keeps_float32_weights():
    config = small_config()
    model, exact = build(config, precision="bfloat16"), small_model()
    for name, variable in model.weights_by_name().items():
        assert variable.dtype == "float32"
        variable.assign(exact.weights_by_name()[name])
    image = random_image()[None]
    coarse, fine = np.asarray(model(image)), np.asarray(exact(image))
    assert coarse.dtype == np.float32
    assert 0 < np.abs(coarse - fine).max() < 0.1 * np.ptp(fine)


def test_unknown_model_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="'resnet'.* Bundled: "):
        load("resnet")
