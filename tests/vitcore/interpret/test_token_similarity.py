"""Similarity of tokens and their principal components, against loops and an eigendecomposition."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from vitcore.interpret.token_similarity import token_components, token_similarity

RNG = np.random.default_rng(0)


def slow_cosine(one, other):
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))


def test_every_cosine_is_that_of_a_loop_and_prefix_tokens_are_left_out():
    tokens = RNG.normal(size=(3, 6, 5)).astype(np.float32)
    found = token_similarity(tokens, 2)
    assert found.shape == (3, 4, 4)
    for block in range(3):
        for i in range(4):
            for j in range(4):
                expected = slow_cosine(tokens[block, 2 + i].tolist(), tokens[block, 2 + j].tolist())
                assert found[block, i, j] == pytest.approx(expected, abs=1e-6)


def test_cosines_solved_by_hand():
    tokens = np.array([[[3, 4], [4, 3], [-3, -4], [0, 0]]], np.float32)
    expected = [[1, 0.96, -1, 0], [0.96, 1, -0.96, 0], [-1, -0.96, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(token_similarity(tokens)[0], expected, atol=1e-6)


def test_components_are_those_of_the_covariance_matrix():
    tokens = RNG.normal(size=(4, 9, 6)) * [5, 3, 2, 1, 0.5, 0.1]
    scores, ratio = token_components(tokens, 1)
    for block in range(4):
        centered = tokens[block, 1:] - tokens[block, 1:].mean(axis=0)
        values, vectors = np.linalg.eigh(centered.T @ centered)
        order = np.argsort(values)[::-1][:3]
        np.testing.assert_allclose(ratio[block], values[order] / values.sum(), rtol=1e-5)
        expected = centered @ vectors[:, order]
        np.testing.assert_allclose(np.abs(scores[block]), np.abs(expected), atol=1e-5)


def test_signs_follow_the_block_before_and_the_first_largest_score_is_positive():
    line = np.array([-1.0, 0.0, 3.0])[:, None] * [1.0, 2.0]
    tokens = np.stack([-line, line, -2 * line])  # the same places, turned around twice
    scores, _ = token_components(tokens, count=1)
    assert scores[0, np.abs(scores[0, :, 0]).argmax(), 0] > 0
    assert (scores[0, :, 0] * scores[1, :, 0]).sum() > 0
    assert (scores[1, :, 0] * scores[2, :, 0]).sum() > 0


@pytest.mark.parametrize("count", [1, 2])
def test_components_that_there_are_not_have_score_and_share_zero(count):
    tokens = RNG.normal(size=(2, count, 8))
    scores, ratio = token_components(tokens)
    assert scores.shape == (2, count, 3)
    np.testing.assert_allclose(scores[:, :, count - 1 :], 0, atol=1e-6)
    np.testing.assert_allclose(ratio[:, count - 1 :], 0, atol=1e-6)


def test_equal_tokens_have_no_components():
    scores, ratio = token_components(np.ones((1, 4, 3)))
    assert not scores.any()
    assert not ratio.any()


def test_a_trace_brings_its_prefix():
    tokens = RNG.normal(size=(2, 5, 4))
    trace = SimpleNamespace(hidden_states=tokens, num_prefix_tokens=1)
    np.testing.assert_array_equal(token_similarity(trace), token_similarity(tokens, 1))
    np.testing.assert_array_equal(token_components(trace)[0], token_components(tokens, 1)[0])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: token_similarity(np.ones((2, 3))), r"\(L\+1, T, D\), got \(2, 3\)"),
        (lambda: token_similarity(np.ones((1, 3, 2)), 3), r"0 to 2, got 3"),
        (lambda: token_components(np.ones((1, 3, 2)), 0, count=0), r">= 1, got 0"),
    ],
)
def test_wrong_input_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
