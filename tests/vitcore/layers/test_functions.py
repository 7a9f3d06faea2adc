"""Elementwise functions and their hand-written gradients against the math module."""

import keras
import numpy as np
import pytest
from keras import ops

from tests.vitcore import slow_vit
from vitcore import backend
from vitcore.layers.functions import GELU, dense, layer_norm, softmax, unit_variance

POINTS = np.linspace(-6, 6, 49, dtype=np.float32)


def gradient(function, point):
    """Of the sum of function(point)."""
    point = ops.convert_to_tensor(point)
    _, slope = backend.value_and_gradient(lambda x: (ops.sum(function(x)), 0), point)
    return np.asarray(slope)


@pytest.mark.parametrize("kind", ["tanh", "exact"])
def test_gelu_is_its_formula(kind):
    expected = [slow_vit.gelu(float(x), kind) for x in POINTS]
    np.testing.assert_allclose(np.asarray(GELU[kind](POINTS)), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["tanh", "exact"])
def test_gelu_has_the_slope_of_its_formula(kind):
    step = 1e-5
    expected = [
        (slow_vit.gelu(x + step, kind) - slow_vit.gelu(x - step, kind)) / (2 * step)
        for x in POINTS.astype(float)
    ]
    np.testing.assert_allclose(gradient(GELU[kind], POINTS), expected, atol=1e-5)


def test_the_two_gelus_differ_by_less_than_half_a_thousandth():
    gap = np.abs(np.asarray(GELU["tanh"](POINTS)) - np.asarray(GELU["exact"](POINTS))).max()
    assert 1e-4 < gap < 5e-4


def test_unit_variance_is_layer_norm_without_weights(rng):
    tokens = rng.normal(3, 2, (2, 5, 8)).astype(np.float32)
    theirs = keras.layers.LayerNormalization(epsilon=1e-3, center=False, scale=False)(tokens)
    np.testing.assert_allclose(
        np.asarray(unit_variance(tokens, 1e-3)), np.asarray(theirs), atol=1e-6
    )


def test_unit_variance_has_the_gradient_of_layer_norm(rng):
    tokens = rng.normal(size=(3, 6)).astype(np.float32)
    pull = rng.normal(size=(3, 6)).astype(np.float32)  # all ones would pull nowhere
    theirs = keras.layers.LayerNormalization(epsilon=1e-3, center=False, scale=False)
    np.testing.assert_allclose(
        gradient(lambda x: unit_variance(x, 1e-3) * pull, tokens),
        gradient(lambda x: theirs(x) * pull, tokens),
        atol=1e-5,
    )


def test_layer_norm_is_that_of_keras_with_its_gradients(rng):
    parts = [rng.normal(size=shape).astype(np.float32) for shape in ((2, 3, 6), (6,), (6,))]
    pull = rng.normal(size=(2, 3, 6)).astype(np.float32)
    theirs = keras.layers.LayerNormalization(epsilon=1e-3)
    theirs.build((None, None, 6))

    def ours(values, scale, offset):
        return layer_norm(values, scale, offset, 1e-3) * pull

    def keras_own(values, *weights):
        return theirs.stateless_call(weights, [], values)[0] * pull

    np.testing.assert_allclose(np.asarray(ours(*parts)), np.asarray(keras_own(*parts)), atol=1e-6)
    for place, part in enumerate(parts):
        slopes = [
            gradient(
                lambda one, function=function, place=place: function(
                    *parts[:place], one, *parts[place + 1 :]
                ),
                part,
            )
            for function in (ours, keras_own)
        ]
        np.testing.assert_allclose(*slopes, atol=1e-5)


def test_constant_token_becomes_zero():
    assert not np.asarray(unit_variance(np.full((2, 4), 7, np.float32), 1e-6)).any()


def test_softmax_of_one_score_is_one():
    np.testing.assert_array_equal(np.asarray(softmax(np.array([[[-5.0]]], np.float32))), 1)


def test_softmax_survives_large_scores():
    shares = np.asarray(softmax(np.array([[1e4, 0.0, -1e4]], np.float32)))
    np.testing.assert_allclose(shares, [[1, 0, 0]], atol=1e-7)


def test_dense_is_a_product_and_an_offset_with_their_gradients(rng):
    parts = [rng.normal(size=shape).astype(np.float32) for shape in ((5, 3), (3, 4), (4,))]
    tokens, kernel, bias = parts
    np.testing.assert_allclose(np.asarray(dense(*parts)), tokens @ kernel + bias, atol=1e-6)
    pull = rng.normal(size=(5, 4)).astype(np.float32)
    for place, expected in enumerate((pull @ kernel.T, tokens.T @ pull, pull.sum(axis=0))):

        def answer(part, place=place):
            return dense(*parts[:place], part, *parts[place + 1 :]) * pull

        np.testing.assert_allclose(gradient(answer, parts[place]), expected, atol=1e-5)
