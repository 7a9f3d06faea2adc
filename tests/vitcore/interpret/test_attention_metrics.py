"""Numbers about attention by hand, by loops, and at their ends."""

import math

import numpy as np
import pytest

from vitcore import attention_entropy, object_attention, prefix_attention, query_dependence
from vitcore.interpret.attention_metrics import entropy_bound, mask_by_patch, pooled_attention
from vitcore.interpret.rollout import rollout


def attention(rng, blocks=2, heads=3, tokens=6):
    return rng.dirichlet(np.ones(tokens), size=(blocks, heads, tokens))


def per_head(weights, number):
    blocks, heads = weights.shape[:2]
    return [[number(weights[b, h]) for h in range(heads)] for b in range(blocks)]


@pytest.mark.parametrize("prefix", [0, 1, 2])
@pytest.mark.parametrize(("unit", "log"), [("bits", math.log2), ("nats", math.log)])
def test_entropy_is_that_of_a_loop(rng, prefix, unit, log):
    weights = attention(rng)

    def slow(rows):
        rows = rows[prefix:]
        return sum(-sum(p * log(p) for p in row) for row in rows) / len(rows)

    told = attention_entropy(weights, num_prefix_tokens=prefix, unit=unit)
    np.testing.assert_allclose(told, per_head(weights, slow), rtol=1e-10)


def test_even_attention_has_the_most_entropy_and_one_token_none():
    even, one = np.full((1, 1, 8, 8), 1 / 8), np.eye(8)[None, None]
    assert attention_entropy(even)[0, 0] == pytest.approx(3)  # bits of 8 tokens
    assert entropy_bound(8) == 3
    assert entropy_bound(8, unit="nats") == pytest.approx(math.log(8))
    assert str(attention_entropy(one)[0, 0]) == "0.0"


def test_one_token_has_no_entropy_and_no_choice():
    one = np.ones((2, 3, 1, 1), np.float32)
    for told in (
        attention_entropy(one),
        query_dependence(one),
        prefix_attention(one, num_prefix_tokens=0),
    ):
        np.testing.assert_array_equal(told, np.zeros((2, 3)))
    assert entropy_bound(1) == 0


@pytest.mark.parametrize("prefix", [0, 1, 2])
def test_mass_on_the_prefix_is_that_of_a_loop(rng, prefix):
    weights = attention(rng)

    def slow(rows):
        return sum(sum(row[:prefix]) for row in rows[prefix:]) / len(rows[prefix:])

    np.testing.assert_allclose(
        prefix_attention(weights, num_prefix_tokens=prefix), per_head(weights, slow)
    )


@pytest.mark.parametrize("prefix", [0, 2])
def test_dependence_on_the_query_is_that_of_a_loop(rng, prefix):
    weights = attention(rng)

    def slow(rows):
        rows = rows[prefix:]
        mean = [sum(row[j] for row in rows) / len(rows) for j in range(len(rows[0]))]
        apart = [sum(abs(p - m) for p, m in zip(row, mean, strict=True)) / 2 for row in rows]
        return sum(apart) / len(apart)

    np.testing.assert_allclose(
        query_dependence(weights, num_prefix_tokens=prefix), per_head(weights, slow)
    )


def test_a_map_that_ignores_the_query_depends_on_nothing(rng):
    row = rng.dirichlet(np.ones(5))
    same = np.broadcast_to(row, (1, 1, 5, 5))
    np.testing.assert_allclose(query_dependence(same), 0, atol=1e-15)


def test_patches_that_look_at_tokens_of_their_own_depend_most():
    np.testing.assert_allclose(query_dependence(np.eye(4)[None, None]), 1 - 1 / 4)


def test_a_class_tokens_own_row_counts_nowhere(rng):
    weights = attention(rng)
    changed = weights.copy()
    changed[:, :, 0] = np.eye(6)[3]
    for number in (attention_entropy, query_dependence, prefix_attention):
        np.testing.assert_array_equal(
            number(changed, num_prefix_tokens=1), number(weights, num_prefix_tokens=1)
        )


def test_pooled_attention_is_the_class_tokens_row_over_the_patches():
    weights = np.array([[0.5, 0.1, 0.4], [0, 0, 1], [0, 0, 1]])
    told = pooled_attention(weights, pooling="class", num_prefix_tokens=1)
    np.testing.assert_allclose(told, [0.2, 0.8])


def test_pooled_attention_is_the_mean_of_the_patches_rows():
    weights = np.array([[1.0, 0, 0], [0.2, 0.2, 0.6], [0.6, 0.4, 0.0]])
    told = pooled_attention(weights, pooling="mean", num_prefix_tokens=1)
    np.testing.assert_allclose(told, [0.5, 0.5])  # 0.3 and 0.3 go to the patches


def test_pooled_attention_that_goes_to_the_prefix_alone_is_zero():
    weights = np.array([[1.0, 0], [1.0, 0]])
    np.testing.assert_array_equal(
        pooled_attention(weights, pooling="class", num_prefix_tokens=1), [0]
    )


def slow_area(mask, grid):
    """Each pixel cut into so many parts that every cell's edge falls between two of them."""
    rows, columns = grid
    parts = np.repeat(np.repeat(mask, rows, axis=0), columns, axis=1).astype(float)
    height, width = mask.shape
    return parts.reshape(rows, height, columns, width).mean(axis=(1, 3))


@pytest.mark.parametrize("grid", [(8, 8), (3, 5), (11, 11), (1, 1), (32, 32)])
def test_a_mask_is_resized_by_area(rng, grid):
    mask = rng.random((32, 32)) < 0.3
    told = mask_by_patch(mask, grid)
    np.testing.assert_allclose(told, slow_area(mask, grid), atol=1e-12)
    assert told.mean() == pytest.approx(mask.mean())


def test_attention_on_the_object_is_measured_against_chance():
    mask = np.zeros((32, 32), bool)
    mask[:16, :16] = True  # a quarter of the image, one patch of four
    even, all_on, all_off = np.full(4, 0.25), np.eye(4)[0], np.eye(4)[3]
    told = object_attention(np.stack([even, all_on, all_off]), mask, (2, 2))
    np.testing.assert_allclose(told, [1, 4, 0])


def test_attention_on_the_object_takes_heads_and_rollouts(rng):
    weights = attention(rng, tokens=7)
    mask = rng.random((32, 32)) < 0.4
    maps = pooled_attention(weights, pooling="class", num_prefix_tokens=1)
    heads = object_attention(maps, mask, (2, 3))
    assert heads.shape == (2, 3)
    covered = slow_area(mask, (2, 3)).reshape(-1)
    expected = sum(maps[1, 2][i] * covered[i] for i in range(6)) / covered.mean()
    assert heads[1, 2] == pytest.approx(expected)
    rolled = pooled_attention(rollout(weights), pooling="class", num_prefix_tokens=1)
    assert object_attention(rolled, mask, (2, 3)).shape == ()


def test_an_image_without_an_object_has_no_share():
    told = object_attention(np.full((2, 3, 4), 0.25), np.zeros((32, 32), bool), (2, 2))
    assert np.isnan(told).all()


@pytest.mark.parametrize("shape", [(3, 3), (1, 1, 3, 4)])
def test_wrong_shape_is_named_in_the_error(shape):
    for number in (attention_entropy, query_dependence):
        with pytest.raises(ValueError, match=r"\(L, H, T, T\)"):
            number(np.zeros(shape))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: attention_entropy(np.ones((1, 1, 1, 1)), unit="bytes"), "got 'bytes'"),
        (lambda: prefix_attention(np.ones((1, 1, 1, 1)), num_prefix_tokens=1), r"0 to 0, got 1"),
        (lambda: pooled_attention(np.ones((1, 1)), pooling="max"), "got 'max'"),
        (
            lambda: pooled_attention(np.ones((1, 1)), pooling="class"),
            ">= 1 with a class token, got 0",
        ),
        (lambda: object_attention(np.ones(3), np.ones((4, 4)), (2, 2)), r"2\*2, got \(3,\)"),
        (lambda: mask_by_patch(np.ones(3), (2, 2)), r"\(height, width\), got \(3,\)"),
    ],
)
def test_wrong_option_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
