"""Embedding filters, their components and the embedding itself, beside slow loops."""

import numpy as np
import pytest

from vitcore.interpret.filters import (
    embed_patches,
    embedding_filters,
    follow_components,
    principal_components,
)


@pytest.fixture
def kernel():
    return np.random.default_rng(0).normal(size=(2, 2, 3, 7)).astype(np.float32)


def test_each_filter_is_stretched_by_itself(kernel):
    images = embedding_filters(kernel)
    assert images.shape == (7, 2, 2, 3)
    for d in range(7):
        one = kernel[..., d]
        np.testing.assert_allclose(
            images[d], (one - one.min()) / (one.max() - one.min()), atol=1e-6
        )


def test_a_flat_filter_is_grey():
    np.testing.assert_array_equal(
        embedding_filters(np.ones((2, 2, 3, 1))), np.full((1, 2, 2, 3), 0.5)
    )


def test_components_of_one_direction_solved_by_hand():
    """Two filters that differ in one number have one component: that number."""
    kernel = np.zeros((1, 1, 3, 2))
    kernel[0, 0, 1] = [-3, 5]
    found = principal_components(kernel)
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-7)
    np.testing.assert_allclose(found.images[0, 0, 0], [0, 1, 0], atol=1e-6)


def test_explained_variance_agrees_with_the_covariance(kernel):
    flat = kernel.reshape(-1, 7).T.astype(np.float64)
    eigenvalues = np.linalg.eigvalsh(np.cov(flat, rowvar=False))[::-1]
    found = principal_components(kernel)
    np.testing.assert_allclose(found.explained, (eigenvalues / eigenvalues.sum())[:7], atol=1e-6)
    assert found.explained.sum() == pytest.approx(1)


@pytest.mark.parametrize("size, width, count", [(2, 192, 12), (4, 16, 16), (1, 5, 3)])
def test_there_are_as_many_components_as_the_smaller_side(size, width, count):
    kernel = np.random.default_rng(1).normal(size=(size, size, 3, width))
    assert principal_components(kernel).images.shape == (count, size, size, 3)


def test_components_do_not_depend_on_the_sign_of_the_decomposition(kernel):
    np.testing.assert_allclose(
        principal_components(kernel).images, principal_components(kernel.copy()).images
    )


def test_equal_filters_explain_nothing():
    found = principal_components(np.ones((2, 2, 3, 4)))
    assert found.explained.sum() == 0
    assert np.isfinite(found.images).all()


@pytest.mark.parametrize("pixel_range, low, high", [("signed", -1, 1), ("unit", 0, 1)])
def test_embedding_is_a_sum_over_pixels(kernel, pixel_range, low, high):
    rng = np.random.default_rng(2)
    patches = rng.integers(0, 256, (1, 2, 2, 2, 3), dtype=np.uint8)
    bias = rng.normal(size=7)
    found = embed_patches(patches, kernel, bias, pixel_range=pixel_range)
    for i in range(2):
        for d in range(7):
            expected = bias[d]
            for y in range(2):
                for x in range(2):
                    for c in range(3):
                        pixel = low + (high - low) * int(patches[0, i, y, x, c]) / 255
                        expected += pixel * kernel[y, x, c, d]
            assert found[0, i, d] == pytest.approx(expected, abs=1e-5)


def test_wrong_input_is_named_in_the_error(kernel):
    with pytest.raises(ValueError, match=r"\(P, P, C, D\), got \(2, 3, 3, 4\)"):
        embedding_filters(np.zeros((2, 3, 3, 4)))
    with pytest.raises(ValueError, match=r"got \(1, 1, 4, 4, 3\)"):
        embed_patches(np.zeros((1, 1, 4, 4, 3), np.uint8), kernel, np.zeros(7))
    patches = np.zeros((1, 1, 2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="signed or unit, got 'byte'"):
        embed_patches(patches, kernel, np.zeros(7), pixel_range="byte")


@pytest.mark.parametrize("width", [5, 7, 30])
def test_followed_components_begin_as_the_principal_ones(width):
    kernel = np.random.default_rng(0).normal(size=(2, 2, 3, width))
    followed, plain = follow_components(kernel, most=4), principal_components(kernel)
    np.testing.assert_allclose(followed.explained, plain.explained[:4], atol=1e-6)
    np.testing.assert_allclose(followed.directions @ followed.directions.T, np.eye(4), atol=1e-9)
    for mine, theirs in zip(followed.images, plain.images, strict=False):
        assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] == pytest.approx(1)
        assert np.abs(mine - 0.5).max() == pytest.approx(0.5)


def test_a_component_keeps_its_place_and_sign_when_another_becomes_stronger():
    """Two directions, the first and the second number, exchange their strengths."""

    def kernel(first, second):
        values = np.zeros((1, 1, 3, 4))
        values[0, 0, 0] = [first, -first, 0, 0]
        values[0, 0, 1] = [0, 0, second, -second]
        return values

    before = follow_components(kernel(3, 2), most=2)
    before.directions[0] *= -1  # as if it had come out the other way round
    after = follow_components(kernel(2, 3), before, most=2)
    np.testing.assert_allclose(after.directions, before.directions, atol=1e-9)
    np.testing.assert_allclose(after.explained, [4 / 13, 9 / 13], atol=1e-6)


def test_each_component_has_one_place(kernel):
    other = np.random.default_rng(1).normal(size=kernel.shape)
    followed = follow_components(other, follow_components(kernel))
    plain = principal_components(other)
    np.testing.assert_allclose(np.sort(followed.explained), np.sort(plain.explained), atol=1e-7)


def test_direction_in_which_no_filter_differs_is_grey():
    """Two filters differ in one direction at most."""
    followed = follow_components(np.random.default_rng(0).normal(size=(1, 1, 3, 2)))
    np.testing.assert_allclose(followed.images[1], 0.5)
    np.testing.assert_allclose(followed.explained, [1, 0], atol=1e-7)


def test_a_history_of_another_patch_size_is_not_followed(kernel):
    other = follow_components(np.random.default_rng(1).normal(size=(3, 3, 3, 7)))
    plain = follow_components(kernel)
    np.testing.assert_array_equal(follow_components(kernel, other).directions, plain.directions)


def test_components_of_filters_that_are_all_alike_are_grey():
    followed = follow_components(np.ones((1, 1, 3, 2)))
    np.testing.assert_allclose(followed.images, 0.5, atol=0.5)
    np.testing.assert_array_equal(followed.explained, 0)
