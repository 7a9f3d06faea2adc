"""The head that stands out, against cases solved by hand."""

import numpy as np
import pytest

from vitcore.interpret.selective_head import selective_head


def one_head(rows, *, others=2):
    """Attention of one block in which head 2 has these rows and the others spread evenly."""
    rows = np.asarray(rows, float)
    even = np.full_like(rows, 1 / len(rows))
    return np.stack([even, rows, *[even] * (others - 1)])[None]


def kind_and_numbers(found):
    return found.kind, round(found.share, 6), round(found.uniform, 6)


def test_a_head_that_attends_to_the_query_itself():
    found = selective_head(one_head(np.eye(9)), (3, 3))
    assert kind_and_numbers(found) == ("self", 1, round(1 / 9, 6))
    assert (found.block, found.head) == (0, 1)
    assert found.patch == 4  # the inner one


def test_a_head_that_attends_to_itself_counts_only_where_no_other_has_a_pattern():
    row = np.kron(np.eye(3), np.ones((3, 3)) - np.eye(3)) / 2
    attention = np.concatenate([one_head(np.eye(9)), one_head(0.5 * row + 0.5 / 9)])
    found = selective_head(attention, (3, 3))
    assert (found.block, found.head) == (1, 1)
    assert kind_and_numbers(found) == ("row", round(0.5 + 0.5 * 2 / 9, 6), round(2 / 9, 6))
    attention = np.concatenate([one_head(np.eye(9)), one_head(0.05 * row + 0.95 / 9)])
    found = selective_head(attention, (3, 3))
    assert (found.kind, found.block, found.head) == ("self", 0, 1)


def test_a_head_that_attends_along_its_row_is_not_credited_with_itself():
    row = np.kron(np.eye(3), np.ones((3, 3)) - np.eye(3)) / 2
    assert kind_and_numbers(selective_head(one_head(row), (3, 3))) == ("row", 1, round(2 / 9, 6))


def test_rows_and_columns_are_told_apart_on_a_grid_that_is_not_square():
    column = np.kron(np.ones((2, 2)) - np.eye(2), np.eye(4))  # 2 rows, 4 columns
    assert kind_and_numbers(selective_head(one_head(column), (2, 4))) == ("column", 1, 0.125)


def test_neighbors_are_the_eight_around_the_query():
    near = np.zeros((9, 9))
    for query, key in np.ndindex(9, 9):
        (r, c), (y, x) = divmod(query, 3), divmod(key, 3)
        near[query, key] = max(abs(r - y), abs(c - x)) == 1
    found = selective_head(one_head(near / near.sum(axis=1, keepdims=True)), (3, 3))
    assert kind_and_numbers(found) == ("neighbors", 1, round(40 / 81, 6))  # 4 x 3 + 4 x 5 + 8 pairs


def test_what_goes_to_prefix_tokens_is_a_pattern_too():
    rows = np.zeros((5, 5))
    rows[:, 0] = 1
    assert kind_and_numbers(selective_head(one_head(rows), (2, 2), num_prefix_tokens=1)) == (
        "prefix",
        1,
        0.2,
    )
    rows = np.zeros((6, 6))
    rows[:, :2] = 0.5
    found = selective_head(one_head(rows), (2, 2), num_prefix_tokens=2)
    assert kind_and_numbers(found) == ("prefix", 1, round(1 / 3, 6))


def test_a_head_that_attends_to_prefix_tokens_counts_only_where_no_other_has_a_pattern():
    sink = np.zeros((10, 10))
    sink[:, 0] = 1
    row = np.zeros((10, 10))
    row[0] = 0.1
    row[1:, 1:] = np.kron(np.eye(3), np.ones((3, 3)) - np.eye(3)) / 2
    attention = np.concatenate([one_head(sink), one_head(0.5 * row + 0.05)])
    found = selective_head(attention, (3, 3), num_prefix_tokens=1)
    assert (found.kind, found.block, found.head) == ("row", 1, 1)
    attention = np.concatenate([one_head(sink), one_head(0.05 * row + 0.095)])
    found = selective_head(attention, (3, 3), num_prefix_tokens=1)
    assert (found.kind, found.block, found.head) == ("prefix", 0, 1)


def test_a_strongest_key_in_no_pattern_is_a_peak():
    rows = np.full((36, 36), 0.2 / 36)
    rows[np.arange(36), (5 * np.arange(36) + 13) % 36] += 0.8
    found = selective_head(one_head(rows), (6, 6))
    assert (found.kind, found.head) == ("peak", 1)
    assert found.share == pytest.approx(0.8 + 0.2 / 36)
    assert found.uniform == pytest.approx(1 / 36)


def test_uniform_attention_has_no_selective_head():
    assert selective_head(one_head(np.full((16, 16), 1 / 16)), (4, 4)).kind == "uniform"


@pytest.mark.parametrize(("peak", "kind"), [(1.9, "uniform"), (2.1, "none")])
def test_a_head_with_no_pattern_is_uniform_only_below_twice_the_uniform_maximum(peak, kind):
    count = 1024
    rows = np.full((count, count), (1 - peak / count) / (count - 1))
    far = (5 * np.arange(count) + 523) % count  # each query has one key, in no pattern
    rows[np.arange(count), far] = peak / count
    assert selective_head(one_head(rows), (32, 32)).kind == kind


def test_random_attention_with_strong_maxima_is_not_called_uniform():
    scores = 1.3 * np.random.default_rng(0).normal(size=(2, 3, 197, 197))
    attention = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    assert 197 * attention.max(axis=-1).mean() > 10
    assert selective_head(attention, (14, 14), num_prefix_tokens=1).kind == "none"


def test_one_token_has_nothing_else_to_attend_to():
    assert selective_head(np.ones((2, 3, 1, 1)), (1, 1)).kind == "single"


def test_one_patch_and_a_class_token_can_be_told():
    rows = [[0.5, 0.5], [0.1, 0.9]]
    assert kind_and_numbers(selective_head(one_head(rows), (1, 1), num_prefix_tokens=1)) == (
        "self",
        0.9,
        0.5,
    )


def test_tokens_that_do_not_fit_the_grid_are_named():
    with pytest.raises(ValueError, match="got 9 and 10"):
        selective_head(np.ones((1, 1, 9, 9)), (3, 3), num_prefix_tokens=1)
