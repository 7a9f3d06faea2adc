"""Attention with merged weights is the same attention: values, gradients, dropout."""

import numpy as np
import pytest
from keras import ops

from tests.vitcore import slow_vit
from tests.vitcore.small_models import small_config
from vitcore import backend
from vitcore.layers.attention import SelfAttention

SHAPES = [(1, 8), (3, 8), (2, 12)]  # heads, head width; tokens are 8 wide


def filled(heads, head_dim, **options):
    layer = SelfAttention(heads, head_dim, **options)
    layer(np.zeros((1, 2, 8), np.float32))
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    return layer


@pytest.mark.parametrize(("heads", "head_dim"), SHAPES)
def test_training_gives_what_the_paper_says(rng, heads, head_dim):
    layer = filled(heads, head_dim)
    tokens = rng.normal(size=(5, 8)).astype(np.float32)
    config = small_config(width=8, num_heads=heads, head_dim=head_dim)
    names = ("qkv_kernel", "qkv_bias", "out_kernel", "out_bias")
    weights = {f"a/{name}": np.asarray(getattr(layer, name), float) for name in names}
    expected, _ = slow_vit.attend(config, weights, "a", tokens.astype(float))
    out, _ = layer(tokens[None], training=True)
    np.testing.assert_allclose(np.asarray(out)[0], expected, atol=1e-5)


@pytest.mark.parametrize(("heads", "head_dim"), SHAPES)
def test_gradients_are_those_of_the_plain_way(rng, heads, head_dim):
    layer = filled(heads, head_dim)
    tokens = rng.normal(size=(2, 5, 8)).astype(np.float32)
    pull = rng.normal(size=(2, 5, 8)).astype(np.float32)

    def slopes(training):
        """Of the tokens, through a part of each weight as well."""
        start = np.concatenate([np.asarray(w).ravel() for w in layer.trainable_variables])
        sizes = np.cumsum([int(np.prod(w.shape)) for w in layer.trainable_variables])[:-1]

        def answer(flat):
            x, *weights = ops.split(flat, [tokens.size, *(tokens.size + sizes)])
            shapes = [w.shape for w in layer.trainable_variables]
            weights = [ops.reshape(w, s) for w, s in zip(weights, shapes, strict=True)]
            x = ops.reshape(x, tokens.shape)
            (out, _), _ = layer.stateless_call(weights, [], x, training=training)
            return ops.sum(out * pull), 0

        point = ops.convert_to_tensor(np.concatenate([tokens.ravel(), start]))
        return np.asarray(backend.value_and_gradient(answer, point)[1])

    plain = slopes(False)
    np.testing.assert_allclose(slopes(True), plain, atol=1e-5 * np.abs(plain).max())


def test_dropout_drops_the_weights_that_are_used(rng):
    # With one token each head's weight is 1: kept it counts 2, dropped 0.
    layer = filled(2, 8, dropout=0.5)
    whole = [np.asarray(layer(x := rng.normal(size=(1, 1, 8)).astype(np.float32))[0])[0, 0]]
    bias = np.asarray(layer.out_bias)
    values = np.asarray(layer(x)[1]["values"])[0, :, 0]  # (H, d)
    parts = np.einsum("hd,hdw->hw", values, np.asarray(layer.out_kernel).reshape(2, 8, 8))
    np.testing.assert_allclose(whole[0], parts.sum(0) + bias, atol=1e-5)
    possible = [bias + 2 * (a * parts[0] + b * parts[1]) for a in (0, 1) for b in (0, 1)]
    seen = set()
    for _ in range(40):
        out = np.asarray(layer(x, training=True)[0])[0, 0]
        gaps = [np.abs(out - each).max() for each in possible]
        assert min(gaps) < 1e-4
        seen.add(int(np.argmin(gaps)))
    assert seen == {0, 1, 2, 3}


def test_mean_over_dropouts_is_the_plain_attention(rng):
    layer = filled(3, 8, dropout=0.2)
    tokens = np.repeat(rng.normal(size=(1, 6, 8)), 4000, axis=0).astype(np.float32)
    plain = np.asarray(layer(tokens[:1])[0])[0]
    dropped = np.asarray(layer(tokens, training=True)[0])
    error = dropped.std(axis=0) / np.sqrt(len(tokens))
    assert (np.abs(dropped.mean(axis=0) - plain) < 5 * error).all()
