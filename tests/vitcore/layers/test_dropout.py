"""Dropout keeps what it says, as often as it says, and has the gradient of its formula."""

import keras
import numpy as np
import pytest
from keras import ops

from tests.vitcore import slow_vit
from vitcore import backend
from vitcore.layers.dropout import gelu_dropped, keep_mask, next_key, softmax_dropped
from vitcore.layers.functions import GELU

RATE = 0.1
WORDS = 2**32


def key(first=7, second=0):
    return ops.convert_to_tensor(np.array([first, second], np.uint32))


def mask(shape, *words, rate=RATE):
    """Compiled, as it always is in use."""
    return np.asarray(backend.fused(lambda k: keep_mask(shape, k, rate))(key(*words)))


def mixed(word, other=0):
    word ^= word >> 16
    word = word * 0x7FEB352D % WORDS
    word ^= word >> 15 ^ other
    word = word * 0x846CA68B % WORDS
    return word ^ word >> 16


def slow_mask(count, first, second, rate):
    golden = 0x9E3779B9
    one = mixed((first + mixed((second + golden) % WORDS)) % WORDS)
    two = mixed((one + golden) % WORDS)
    words = [mixed((place * golden + one) % WORDS, two) for place in range(count)]
    return np.array(words) >= rate * WORDS


def gradient(function, point):
    """Of the sum of function(point)."""
    point = ops.convert_to_tensor(point)
    _, slope = backend.value_and_gradient(lambda x: (ops.sum(function(x)), 0), point)
    return np.asarray(slope)


@pytest.mark.parametrize("words", [(0, 0), (7, 3), (2**32 - 1, 2**31)])
def test_mask_is_that_of_whole_number_arithmetic_on_every_backend(words):
    np.testing.assert_array_equal(mask((5, 40), *words).reshape(-1), slow_mask(200, *words, RATE))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_share_kept_is_one_minus_the_rate(rate):
    kept = mask((1000, 1000), rate=rate)
    assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / kept.size) + 1e-12


def test_mask_of_one_key_is_always_the_same_and_of_the_next_another():
    np.testing.assert_array_equal(mask((50, 50)), mask((50, 50)))
    assert (mask((50, 50)) != mask((50, 50), 7, 1)).any()


def test_neighbours_and_following_keys_are_dropped_independently():
    masks = [~mask((512, 512), 7, count) for count in range(4)]
    pairs = [(masks[0], masks[n]) for n in (1, 2, 3)]
    pairs += [(masks[0][:, :-gap], masks[0][:, gap:]) for gap in (1, 2, 3, 16, 64, 128)] + [
        (masks[0][:-1], masks[0][1:])
    ]
    for one, other in pairs:
        both = RATE**2
        assert abs((one & other).mean() - both) < 5 * np.sqrt(both / one.size)
    for axis in (0, 1):  # no row or column has more than its share
        assert np.abs(masks[0].mean(axis=axis) - RATE).max() < 5 * np.sqrt(RATE * 0.9 / 512)


def test_keys_follow_the_state_of_the_layer():
    layer = keras.layers.Dropout(0.1, seed=3)
    keys = [np.asarray(next_key(layer)).tolist() for _ in range(2)]
    assert keys == [[3, 0], [3, 1]]


def test_softmax_dropped_is_its_formula(rng):
    scores = rng.normal(size=(3, 4, 6)).astype(np.float32)
    used, sums = softmax_dropped(scores, key(), RATE)
    shares = np.apply_along_axis(slow_vit.softmax, -1, scores.astype(float))
    expected = np.where(slow_mask(72, 7, 0, RATE).reshape(3, 4, 6), shares / (1 - RATE), 0)
    np.testing.assert_allclose(np.asarray(used), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(sums), expected.sum(-1), atol=1e-6)


def test_softmax_dropped_has_the_gradient_of_its_formula(rng):
    scores, pull = rng.normal(size=(2, 3, 4, 6)).astype(np.float32)
    weight = rng.normal(size=(3, 4)).astype(np.float32)  # on the sums
    kept = slow_mask(72, 7, 0, RATE).reshape(3, 4, 6).astype(np.float32) / (1 - RATE)

    def ours(x):
        used, sums = softmax_dropped(x, key(), RATE)
        return ops.sum(used * pull) + ops.sum(sums * weight)

    def plainly(x):
        used = ops.softmax(x, axis=-1) * kept
        return ops.sum(used * pull) + ops.sum(ops.sum(used, axis=-1) * weight)

    np.testing.assert_allclose(gradient(ours, scores), gradient(plainly, scores), atol=1e-5)


@pytest.mark.parametrize("kind", ["tanh", "exact"])
def test_gelu_dropped_is_its_formula_and_has_its_slope(kind):
    points, step = np.linspace(-6, 6, 49), 1e-5
    kept = slow_mask(49, 7, 0, RATE) / (1 - RATE)
    value, slope = np.array(
        [
            (slow_vit.gelu(x, kind), slow_vit.gelu(x + step, kind) - slow_vit.gelu(x - step, kind))
            for x in points
        ]
    ).T
    points = points.astype(np.float32)
    ours = np.asarray(gelu_dropped(points, key(), RATE, kind))
    np.testing.assert_allclose(ours, kept * value, atol=2e-6)
    slopes = gradient(lambda x: gelu_dropped(x, key(), RATE, kind), points)
    np.testing.assert_allclose(slopes, kept * slope / (2 * step), atol=1e-5)


@pytest.mark.parametrize("kind", ["tanh", "exact"])
def test_gelu_without_dropout_is_the_plain_one(kind):
    points = np.linspace(-6, 6, 49, dtype=np.float32)
    ours = np.asarray(gelu_dropped(points, None, 0.0, kind))
    np.testing.assert_allclose(ours, np.asarray(GELU[kind](points)), atol=1e-6)
    slopes = gradient(lambda x: gelu_dropped(x, None, 0.0, kind), points)
    np.testing.assert_allclose(slopes, gradient(GELU[kind], points), atol=1e-5)


def test_bfloat16_stays_bfloat16():
    values = ops.ones((4, 8), "bfloat16")
    used, sums = softmax_dropped(values, key(), RATE)
    dropped = gelu_dropped(values, key(), RATE, "exact")
    for result in (used, sums, dropped):
        assert keras.backend.standardize_dtype(result.dtype) == "bfloat16"
