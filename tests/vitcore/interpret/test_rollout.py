"""Rollout by hand, by loops and against the mistakes that others made."""

import numpy as np
import pytest

from vitcore import rollout


def attention(rng, blocks=3, heads=2, tokens=5):
    return rng.dirichlet(np.ones(tokens), size=(blocks, heads, tokens))


def slow_rollout(weights, head_fusion, discard_ratio):
    """Abnar & Zuidema's section 3, entry by entry."""
    tokens = weights.shape[-1]
    fuse = {"mean": np.mean, "max": np.max, "min": np.min}[head_fusion]
    result = np.eye(tokens)
    for heads in weights:
        fused = [[fuse(heads[:, i, j]) for j in range(tokens)] for i in range(tokens)]
        order = sorted((fused[i][j], i * tokens + j) for i in range(tokens) for j in range(tokens))
        for _, place in order[: int(discard_ratio * tokens**2)]:
            fused[place // tokens][place % tokens] = 0.0
        mixed = []
        for i, row in enumerate(fused):
            row = [value + (i == j) for j, value in enumerate(row)]
            mixed.append([value / sum(row) for value in row])
        result = np.array(mixed) @ result
    return result


def test_one_block_is_half_skip_and_half_attention():
    weights = np.array([[[[0.0, 1.0], [0.0, 1.0]]]])
    np.testing.assert_allclose(rollout(weights), [[0.5, 0.5], [0.0, 1.0]])


def test_later_blocks_multiply_from_the_left():
    first = np.array([[[0.0, 1.0], [0.0, 1.0]]])
    second = np.array([[[1.0, 0.0], [1.0, 0.0]]])
    # (I + A2)/2 @ (I + A1)/2, by hand
    np.testing.assert_allclose(rollout(np.stack([first, second])), [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize("head_fusion", ["mean", "max", "min"])
@pytest.mark.parametrize("discard_ratio", [0.0, 0.3, 0.9])
def test_rollout_is_that_of_a_loop(rng, head_fusion, discard_ratio):
    weights = attention(rng)
    expected = slow_rollout(weights, head_fusion, discard_ratio)
    np.testing.assert_allclose(
        rollout(weights, head_fusion=head_fusion, discard_ratio=discard_ratio), expected
    )


@pytest.mark.parametrize("head_fusion", ["mean", "max", "min"])
def test_rows_stay_a_probability(rng, head_fusion):
    told = rollout(attention(rng, 6, 3, 7), head_fusion=head_fusion, discard_ratio=0.5)
    np.testing.assert_allclose(told.sum(axis=-1), 1.0)
    assert (told >= 0).all()


def test_ties_are_discarded_in_index_order():
    weights = np.full((1, 1, 2, 2), 0.5)
    # One of four goes: the first. Row 0 is then (1, 0.5) / 1.5.
    np.testing.assert_allclose(rollout(weights, discard_ratio=0.25), [[2 / 3, 1 / 3], [0.25, 0.75]])


@pytest.mark.parametrize("discard_ratio", [0.1, 0.5, 0.77])
def test_many_ties_are_discarded_in_index_order(rng, discard_ratio):
    weights = rng.integers(1, 4, size=(2, 1, 5, 5)) / 10
    expected = slow_rollout(weights, "mean", discard_ratio)
    np.testing.assert_allclose(rollout(weights, discard_ratio=discard_ratio), expected)


def test_uniform_attention_of_many_blocks_reaches_every_token_alike():
    told = rollout(np.full((60, 1, 4, 4), 0.25))
    np.testing.assert_allclose(told, 0.25, atol=1e-6)


def test_attention_given_is_not_changed(rng):
    weights = attention(rng)
    before = weights.copy()
    rollout(weights, discard_ratio=0.5)
    np.testing.assert_array_equal(weights, before)


def test_one_token_rolls_out_to_itself():
    np.testing.assert_array_equal(rollout(np.ones((6, 3, 1, 1), np.float32)), [[1.0]])


@pytest.mark.parametrize("shape", [(3, 3), (1, 3, 3), (1, 1, 3, 4)])
def test_wrong_shape_is_named_in_the_error(shape):
    with pytest.raises(ValueError, match=r"\(L, H, T, T\)"):
        rollout(np.zeros(shape))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head_fusion": "median"}, "mean, max or min, got 'median'"),
        ({"discard_ratio": 1.0}, r"\[0, 1\), got 1.0"),
        ({"discard_ratio": -0.1}, r"\[0, 1\), got -0.1"),
    ],
)
def test_wrong_option_is_refused(rng, options, message):
    with pytest.raises(ValueError, match=message):
        rollout(attention(rng), **options)
