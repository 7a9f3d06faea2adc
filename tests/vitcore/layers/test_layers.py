"""Each layer keeps Keras' contract: build, call, config, saving; and does what it says."""

import keras
import numpy as np
import pytest
from keras import ops

from tests.vitcore import slow_vit
from tests.vitcore.small_models import random_weights, small_config
from vitcore.layers.attention import SelfAttention
from vitcore.layers.embeddings import PatchEmbedding
from vitcore.layers.encoder import MLP, Block, LayerNorm

TOKENS = (3, 5, 16)
LAYERS = {
    "patch embedding": (lambda: PatchEmbedding(16, 4), (3, 8, 8, 3)),
    "layer norm": (lambda: LayerNorm(epsilon=1e-3), TOKENS),
    "attention": (lambda: SelfAttention(2, 8, dropout=0.1), TOKENS),
    "attention with norm": (lambda: SelfAttention(4, 6, qk_norm=True), TOKENS),
    "mlp": (lambda: MLP(24, gelu="exact", output_gelu=True, dropout=0.1), TOKENS),
    "block": (lambda: Block(2, 8, 24, epsilon=1e-3, attention_dropout=0.1), TOKENS),
}


@pytest.fixture(params=LAYERS)
def layer_and_input(request):
    make, shape = LAYERS[request.param]
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return make(), inputs


def first(outputs):
    """What a layer hands on, without its steps."""
    return np.asarray(outputs[0] if isinstance(outputs, tuple) else outputs)


def randomise(layer, seed=0):
    rng = np.random.default_rng(seed)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))


def test_layer_is_rebuilt_from_its_config(layer_and_input):
    layer, inputs = layer_and_input
    layer(inputs)
    copy = type(layer).from_config(layer.get_config())
    copy(inputs)
    randomise(layer)
    copy.set_weights(layer.get_weights())
    assert copy.get_config() == layer.get_config()
    np.testing.assert_array_equal(first(copy(inputs)), first(layer(inputs)))


# Keras' own: it reads its variables without NumPy 2's copy argument.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_layer_works_in_a_keras_model_that_is_saved_and_loaded(layer_and_input, tmp_path):
    layer, inputs = layer_and_input
    entrance = keras.Input(inputs.shape[1:])
    outputs = layer(entrance)
    model = keras.Model(entrance, outputs[0] if isinstance(outputs, tuple) else outputs)
    randomise(model)
    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras")
    expected = np.asarray(model(inputs))
    np.testing.assert_allclose(np.asarray(loaded(inputs)), expected, atol=1e-6)
    assert model.output_shape[1:] == expected.shape[1:]


def test_batch_size_is_free_and_rows_are_independent(layer_and_input):
    layer, inputs = layer_and_input
    whole = first(layer(inputs))
    parts = np.concatenate([first(layer(inputs[i : i + 1])) for i in range(len(inputs))])
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_every_weight_changes_the_answer(layer_and_input):
    layer, inputs = layer_and_input
    layer(inputs)
    randomise(layer)
    before = first(layer(inputs))
    for variable in layer.trainable_variables:
        kept = np.asarray(variable).copy()
        variable.assign(kept + np.random.default_rng(1).normal(size=kept.shape))
        assert np.abs(first(layer(inputs)) - before).max() > 1e-4, variable.path
        variable.assign(kept)


def test_dense_on_flat_patches_equals_a_strided_convolution(rng):
    images = rng.normal(size=(2, 12, 12, 3)).astype(np.float32)
    layer = PatchEmbedding(16, 4)
    layer(images)
    randomise(layer)
    convolved = ops.conv(
        images, layer.kernel, strides=4, padding="valid", data_format="channels_last"
    )
    expected = np.asarray(convolved).reshape(2, 9, 16) + np.asarray(layer.bias)
    np.testing.assert_allclose(np.asarray(layer(images)), expected, atol=1e-4)


def test_patch_size_must_divide_the_image():
    with pytest.raises(ValueError, match="divide the image size, got 5 and 8x8"):
        PatchEmbedding(16, 4)(np.zeros((1, 8, 8, 3), np.float32), patch_size=5)


def test_layer_norm_is_that_of_keras(rng):
    tokens = rng.normal(2, 3, (2, 4, 8)).astype(np.float32)
    ours, theirs = LayerNorm(epsilon=1e-3), keras.layers.LayerNormalization()
    ours(tokens), theirs(tokens)
    randomise(ours)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(np.asarray(ours(tokens)), np.asarray(theirs(tokens)), atol=1e-5)


def test_attention_is_that_of_keras(rng):
    tokens = rng.normal(size=(2, 5, 16)).astype(np.float32)
    ours = SelfAttention(4, 6)
    theirs = keras.layers.MultiHeadAttention(4, 6)
    ours(tokens), theirs(tokens, tokens)
    randomise(ours)
    kernel, bias, out_kernel, out_bias = ours.get_weights()
    projections = []
    for kernel_part, bias_part in zip(np.split(kernel, 3, 1), np.split(bias, 3), strict=True):
        projections += [kernel_part.reshape(16, 4, 6), bias_part.reshape(4, 6)]
    # Keras lists query, key, value, output.
    theirs.set_weights([*projections, out_kernel.reshape(4, 6, 16), out_bias])
    expected, shares = theirs(tokens, tokens, return_attention_scores=True)
    out, steps = ours(tokens)
    np.testing.assert_allclose(np.asarray(out), np.asarray(expected), atol=1e-5)
    np.testing.assert_allclose(np.asarray(steps["weights"]), np.asarray(shares), atol=1e-6)


def test_shown_attention_sums_to_one_in_training_too(rng):
    tokens = rng.normal(size=(2, 5, 16)).astype(np.float32)
    layer = SelfAttention(2, 8, dropout=0.5)
    calm, steps = layer(tokens, training=False)
    dropped, steps_in_training = layer(tokens, training=True)
    np.testing.assert_allclose(np.asarray(steps_in_training["weights"]).sum(-1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        np.asarray(steps_in_training["weights"]), np.asarray(steps["weights"])
    )
    assert np.abs(np.asarray(dropped) - np.asarray(calm)).max() > 1e-3


def test_block_is_equations_two_and_three_of_the_paper(rng):
    config = small_config(depth=1, layer_norm_eps=1e-3, gelu="exact", mlp_output_gelu=True)
    weights = random_weights(config)
    tokens = rng.normal(size=(5, 16)).astype(np.float32)
    layer = Block(2, 8, 24, gelu="exact", mlp_output_gelu=True, epsilon=1e-3)
    layer(tokens[None])
    for variable in layer.trainable_variables:
        variable.assign(weights["block_00/" + variable.path.split("/", 1)[1]])
    out, steps = layer(tokens[None])

    def norm(x, name):
        name = f"block_00/{name}"
        return slow_vit.layer_norm(x, 1e-3, weights[f"{name}/scale"], weights[f"{name}/offset"])

    mixed, shares = slow_vit.attend(config, weights, "block_00/attention", norm(tokens, "norm1"))
    np.testing.assert_allclose(np.asarray(steps["weights"])[0], shares, atol=1e-5)
    np.testing.assert_allclose(np.asarray(steps["residual1"])[0], tokens + mixed, atol=1e-4)
    parts = {name: np.asarray(value) for name, value in steps.items()}
    np.testing.assert_allclose(np.asarray(out), parts["residual1"] + parts["mlp_out"], atol=1e-5)


def test_steps_of_a_block_come_in_the_order_in_which_they_ran(rng):
    _, steps = Block(2, 8, 24)(rng.normal(size=(1, 5, 16)).astype(np.float32))
    assert list(steps) == [
        "norm1", "queries", "keys", "values", "scores", "weights", "mixed",
        "attention_out", "residual1", "norm2", "mlp_hidden", "mlp_out",
    ]  # fmt: skip
