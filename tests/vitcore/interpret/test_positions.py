"""Position similarity beside slow loops and cases solved by hand."""

import numpy as np
import pytest

from vitcore.interpret.positions import (
    cosine_similarity,
    similarity_by_distance,
    similarity_by_position,
    spatial_correlation,
)


def slow_similarity(grid):
    rows, columns, _ = grid.shape
    out = np.zeros((rows, columns, rows, columns))
    for r in range(rows):
        for c in range(columns):
            for y in range(rows):
                for x in range(columns):
                    a, b = grid[r, c], grid[y, x]
                    dot = sum(p * q for p, q in zip(a, b, strict=True))
                    out[r, c, y, x] = dot / (sum(a**2) ** 0.5 * sum(b**2) ** 0.5)
    return out


def slow_pairs(similarity):
    rows, columns = similarity.shape[:2]
    places = [(y, x) for y in range(rows) for x in range(columns)]
    return [(similarity[(*a, *b)], a, b) for i, a in enumerate(places) for b in places[i + 1 :]]


def test_similarity_is_the_cosine_of_each_pair():
    grid = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(cosine_similarity(grid), slow_similarity(grid), atol=1e-6)


def test_two_by_two_solved_by_hand():
    grid = np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 3.0], [-1.0, 0.0]]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(cosine_similarity(grid)[0, 0], [[1.0, 0.0], [half, -1.0]], atol=1e-7)


def test_an_embedding_of_zeros_is_like_nothing():
    grid = np.zeros((1, 2, 3))
    grid[0, 1] = 1
    np.testing.assert_array_equal(cosine_similarity(grid)[0, 0], [[0.0, 0.0]])


def test_correlation_is_one_where_similarity_is_minus_distance():
    y, x = np.mgrid[:3, :3]
    apart = np.hypot(y[..., None, None] - y, x[..., None, None] - x)
    assert spatial_correlation(-apart) == pytest.approx(1)
    assert spatial_correlation(apart) == pytest.approx(-1)


def test_correlation_agrees_with_a_loop_over_pairs():
    similarity = cosine_similarity(np.random.default_rng(1).normal(size=(3, 4, 6)))
    pairs = slow_pairs(similarity)
    alike = [s for s, _, _ in pairs]
    close = [-np.hypot(a[0] - b[0], a[1] - b[1]) for _, a, b in pairs]
    expected = np.corrcoef(alike, close)[0, 1]
    assert spatial_correlation(similarity) == pytest.approx(expected)


def test_random_embeddings_know_no_places():
    """With each place's likeness to itself left in, this would be about 0.2."""
    similarity = cosine_similarity(np.random.default_rng(2).normal(size=(8, 8, 192)))
    assert abs(spatial_correlation(similarity)) < 0.05


@pytest.mark.parametrize("shape", [(1, 1), (1, 2)])
def test_too_few_places_have_no_correlation(shape):
    similarity = cosine_similarity(np.random.default_rng(3).normal(size=(*shape, 4)))
    assert spatial_correlation(similarity) is None


def test_equal_positions_have_no_correlation():
    assert spatial_correlation(cosine_similarity(np.ones((3, 3, 4)))) is None


def test_means_by_place_agree_with_a_loop_over_pairs():
    similarity = cosine_similarity(np.random.default_rng(4).normal(size=(4, 4, 6)))
    groups = {"neighbours": [], "line": [], "elsewhere": []}
    for alike, a, b in slow_pairs(similarity):
        apart = abs(a[0] - b[0]) + abs(a[1] - b[1])
        in_line = a[0] == b[0] or a[1] == b[1]
        name = "neighbours" if apart == 1 else "line" if in_line else "elsewhere"
        groups[name].append(alike)
    found = similarity_by_position(similarity)
    for name, values in groups.items():
        assert getattr(found, name) == pytest.approx(np.mean(values), abs=1e-6)


def test_mere_closeness_is_no_gain_of_rows_and_columns():
    y, x = np.mgrid[:6, :6]
    apart = np.hypot(y[..., None, None] - y, x[..., None, None] - x)
    found = similarity_by_position(1 - np.rint(apart) / 10)
    assert found.line_gain == pytest.approx(0, abs=1e-9)


def test_the_most_similar_other_place_is_counted_where_it_shares_an_edge():
    similarity = np.eye(4)
    similarity[0, 1] = similarity[1, 0] = 0.9  # side by side
    similarity[2, 1] = similarity[3, 0] = 0.5  # across the diagonal
    assert similarity_by_position(similarity.reshape(2, 2, 2, 2)).nearest == 0.5


def test_rows_that_are_alike_are_a_gain():
    grid = np.repeat(np.eye(5)[:, None], 5, axis=1)  # every row one direction of its own
    assert similarity_by_position(cosine_similarity(grid)).line_gain == pytest.approx(0.5)


def test_one_place_has_nothing_to_compare():
    found = similarity_by_position(cosine_similarity(np.ones((1, 1, 3))))
    assert (found.neighbours, found.line, found.elsewhere, found.line_gain) == (None,) * 4
    assert found.nearest == 0


def test_similarity_by_distance_is_the_mean_of_its_pairs():
    similarity = np.zeros((1, 3, 1, 3))
    similarity[0, :, 0, :] = [[1, 0.5, 0.1], [0.5, 1, 0.7], [0.1, 0.7, 1]]
    distances, means = similarity_by_distance(similarity)
    np.testing.assert_allclose(distances, [1, 2])
    np.testing.assert_allclose(means, [0.6, 0.1])


def test_similarity_by_distance_of_one_place_is_empty():
    distances, means = similarity_by_distance(np.ones((1, 1, 1, 1)))
    assert len(distances) == len(means) == 0


@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 3, 3), (2, 3, 3, 2)])
@pytest.mark.parametrize("measure", [spatial_correlation, similarity_by_position])
def test_wrong_similarity_is_named_in_the_error(measure, shape):
    with pytest.raises(ValueError, match=r"\(gh, gw, gh, gw\), got"):
        measure(np.zeros(shape))


def test_wrong_grid_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"\(gh, gw, D\), got \(4, 8\)"):
        cosine_similarity(np.zeros((4, 8)))
