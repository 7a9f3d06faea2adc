"""Lengths of tokens, and the patches that stand out."""

import numpy as np
import pytest

from vitcore.interpret.token_norms import high_norm_tokens, token_norms


def test_a_length_is_that_of_pythagoras():
    tokens = np.array([[[3, 4], [0, 0]], [[5, 12], [8, 15]]], np.float32)
    np.testing.assert_allclose(token_norms(tokens), [[5, 0], [13, 17]])
    assert token_norms(tokens).dtype == np.float32


def test_patches_far_longer_than_the_others_are_marked_block_by_block():
    norms = np.array([[1.0, 1, 1, 2.9, 1], [10, 31, 10, 10, 10]])
    expected = [[False] * 5, [False, True, False, False, False]]
    np.testing.assert_array_equal(high_norm_tokens(norms), expected)
    assert high_norm_tokens(norms, longer=2.5)[0, 3]


def test_a_long_class_token_neither_counts_nor_is_marked():
    norms = np.array([[900.0, 1, 1, 4]])
    np.testing.assert_array_equal(
        high_norm_tokens(norms, num_prefix_tokens=1), [[False, False, True]]
    )


def test_one_patch_is_no_outlier():
    assert not high_norm_tokens(np.array([[7.0], [9.0]])).any()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: token_norms(np.ones((2, 3))), r"\(L\+1, T, D\), got \(2, 3\)"),
        (lambda: high_norm_tokens(np.ones(3)), r"\(L\+1, T\), got \(3,\)"),
        (lambda: high_norm_tokens(np.ones((1, 3)), num_prefix_tokens=3), r"0 to 2, got 3"),
    ],
)
def test_wrong_shape_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
