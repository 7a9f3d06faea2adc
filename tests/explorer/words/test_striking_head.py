"""The head that stands out, against cases solved by hand."""

import numpy as np
import pytest

from explorer.words.striking_head import striking


def one_head(rows, *, others=2):
    """Attention of one block in which head 2 has these rows and the others spread evenly."""
    rows = np.asarray(rows, float)
    even = np.full_like(rows, 1 / len(rows))
    return np.stack([even, rows, *[even] * (others - 1)])[None]


def test_a_head_that_looks_at_itself_is_said_to_look_at_itself():
    found = striking(one_head(np.eye(9)), (3, 3))
    assert found.title == (
        "Averaged over patches, head 2 of block 1 puts 100% on the patch itself; "
        "an even spread, 11%"
    )
    assert (found.block, found.head) == (0, 1)
    assert found.patch == 4  # the inner one


def test_a_head_that_looks_at_itself_stands_out_only_where_no_other_does():
    row = np.kron(np.eye(3), np.ones((3, 3)) - np.eye(3)) / 2
    attention = np.concatenate([one_head(np.eye(9)), one_head(0.5 * row + 0.5 / 9)])
    found = striking(attention, (3, 3))
    assert (found.block, found.head) == (1, 1)  # where 0.5 + 0.5 * 2 / 9 is on the row
    assert "61% on the rest of its row; an even spread, 22%" in found.title
    attention = np.concatenate([one_head(np.eye(9)), one_head(0.05 * row + 0.95 / 9)])
    found = striking(attention, (3, 3))
    assert (found.block, found.head) == (0, 1)
    assert "100% on the patch itself" in found.title


def test_a_head_that_looks_along_its_row_is_not_credited_with_itself():
    row = np.kron(np.eye(3), np.ones((3, 3)) - np.eye(3)) / 2
    found = striking(one_head(row), (3, 3))
    assert "100% on the rest of its row; an even spread, 22%" in found.title


def test_rows_and_columns_are_told_apart_on_a_grid_that_is_not_square():
    column = np.kron(np.ones((2, 2)) - np.eye(2), np.eye(4))  # 2 rows, 4 columns
    found = striking(one_head(column), (2, 4))
    assert "the rest of its column" in found.title


def test_what_goes_to_the_class_token_is_a_pattern_too():
    rows = np.zeros((5, 5))
    rows[:, 0] = 1
    found = striking(one_head(rows), (2, 2), prefix=1)
    assert "puts 100% on the class token; an even spread, 20%" in found.title


def test_registers_of_a_model_without_a_class_token_are_called_so():
    rows = np.zeros((6, 6))
    rows[:, :2] = 0.5
    found = striking(one_head(rows), (2, 2), prefix=2, class_token=False)
    assert "puts 100% on the registers; an even spread, 33%" in found.title


def test_an_even_spread_stands_out_nowhere():
    found = striking(one_head(np.full((16, 16), 1 / 16)), (4, 4))
    assert found.title == "No head stands out: every patch looks nearly everywhere alike"


def test_one_token_has_nothing_else_to_look_at():
    assert "one token only" in striking(np.ones((2, 3, 1, 1)), (1, 1)).title


def test_one_patch_and_a_class_token_can_be_told():
    rows = [[0.5, 0.5], [0.1, 0.9]]
    assert "90% on the patch itself" in striking(one_head(rows), (1, 1), prefix=1).title


def test_tokens_that_do_not_fit_the_grid_are_named():
    with pytest.raises(ValueError, match="got 9 and 10"):
        striking(np.ones((1, 1, 9, 9)), (3, 3), prefix=1)
