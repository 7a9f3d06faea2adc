"""Attention distance by hand, by loops, with a class token and on oblong grids."""

import math

import numpy as np
import pytest

from vitcore import attention_distance
from vitcore.interpret.distance import distance_bounds, patch_distances

SIZE = (32, 32)


def slow_distance(attention, grid, image_size, num_prefix_tokens, renormalize):
    """For each query the attention-weighted mean distance; then the mean of all queries."""
    blocks, heads, _, _ = attention.shape
    places = [
        ((row + 0.5) * image_size[0] / grid[0], (column + 0.5) * image_size[1] / grid[1])
        for row in range(grid[0])
        for column in range(grid[1])
    ]
    result = np.zeros((blocks, heads))
    for block in range(blocks):
        for head in range(heads):
            for i, here in enumerate(places):
                row = [
                    attention[block, head, num_prefix_tokens + i, num_prefix_tokens + j]
                    for j in range(len(places))
                ]
                whole = sum(row) if renormalize else 1
                far = sum(w * math.dist(here, there) for w, there in zip(row, places, strict=True))
                result[block, head] += far / whole / len(places)
    return result


@pytest.mark.parametrize("prefix", [0, 1, 3])
@pytest.mark.parametrize("renormalize", [True, False])
@pytest.mark.parametrize(
    ("grid", "image_size"), [((3, 3), (32, 32)), ((2, 4), (32, 32)), ((2, 3), (20, 60))]
)
def test_distance_is_that_of_a_loop(rng, prefix, renormalize, grid, image_size):
    tokens = prefix + grid[0] * grid[1]
    attention = rng.dirichlet(np.ones(tokens), size=(2, 3, tokens))
    options = {"image_size": image_size, "num_prefix_tokens": prefix, "renormalize": renormalize}
    expected = slow_distance(attention, grid, **options)
    np.testing.assert_allclose(attention_distance(attention, grid, **options), expected)


def test_head_that_looks_at_its_own_patch_looks_nowhere():
    np.testing.assert_array_equal(
        attention_distance(np.eye(16)[None, None], (4, 4), image_size=SIZE), [[0.0]]
    )


def test_two_patches_that_look_at_each_other_look_half_an_image_far():
    swapped = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])
    assert attention_distance(swapped, (1, 2), image_size=SIZE) == pytest.approx(16.0)
    assert attention_distance(swapped, (2, 1), image_size=SIZE) == pytest.approx(16.0)


def test_attention_on_the_class_token_shortens_only_the_papers_figure():
    tokens = 5
    uniform = np.full((1, 1, tokens, tokens), 1 / tokens)
    whole = attention_distance(uniform, (2, 2), image_size=SIZE, num_prefix_tokens=1)
    paper = attention_distance(
        uniform, (2, 2), image_size=SIZE, num_prefix_tokens=1, renormalize=False
    )
    np.testing.assert_allclose(whole, distance_bounds((2, 2), SIZE)[0])
    np.testing.assert_allclose(paper, whole * 4 / 5)


def test_head_that_looks_at_the_class_token_alone_has_no_distance():
    attention = np.zeros((1, 1, 5, 5))
    attention[..., 0] = 1
    np.testing.assert_array_equal(
        attention_distance(attention, (2, 2), image_size=SIZE, num_prefix_tokens=1), [[0.0]]
    )


@pytest.mark.parametrize("grid", [(1, 1), (2, 2), (3, 5), (8, 8)])
def test_bounds_are_those_of_uniform_and_farthest_attention(grid):
    count = grid[0] * grid[1]
    distances = patch_distances(grid, SIZE)
    uniform = attention_distance(np.full((1, 1, count, count), 1 / count), grid, image_size=SIZE)
    farthest = np.eye(count)[distances.argmax(axis=1)]
    reached = attention_distance(farthest[None, None], grid, image_size=SIZE)
    np.testing.assert_allclose(distance_bounds(grid, SIZE), [uniform.item(), reached.item()])


@pytest.mark.parametrize(
    ("shape", "grid", "prefix"),
    [((1, 1, 4, 4), (2, 3), 0), ((1, 1, 4, 4), (2, 2), 1), ((1, 1, 4, 4), (4, 2), -4)],
)
def test_attention_that_does_not_fit_the_grid_is_refused(shape, grid, prefix):
    with pytest.raises(ValueError, match=rf"T = {prefix} \+ {grid[0]}\*{grid[1]}, got \(1,"):
        attention_distance(np.zeros(shape), grid, image_size=SIZE, num_prefix_tokens=prefix)


@pytest.mark.parametrize("grid", [8, (2,), (0, 4), (-2, -2), (2.0, 2), (np.nan, 2), "22", None])
def test_a_grid_is_two_integers_above_zero(grid):
    with pytest.raises(ValueError, match=r"grid must be \(rows, columns\)"):
        attention_distance(np.full((1, 1, 4, 4), 0.25), grid, image_size=SIZE)


@pytest.mark.parametrize("size", [32, (32,), (-32, 32), (0, 32), (np.nan, 32), (np.inf, 32)])
def test_an_image_size_is_two_numbers_above_zero(size):
    with pytest.raises(ValueError, match=r"image_size must be \(height, width\)"):
        attention_distance(np.full((1, 1, 4, 4), 0.25), (2, 2), image_size=size)
