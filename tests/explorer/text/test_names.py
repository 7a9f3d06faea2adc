"""Class token and registers are told apart, and one from many."""

import pytest

from explorer.text.names import prefix_counts, prefix_words


@pytest.mark.parametrize(
    ("prefix", "class_token", "said"),
    [
        (1, True, "the class token"),
        (2, True, "the class token and register"),
        (5, True, "the class token and registers"),
        (1, False, "the register"),
        (4, False, "the registers"),
    ],
)
def test_prefix_tokens_are_called_what_they_are(prefix, class_token, said):
    assert prefix_words(prefix, class_token=class_token) == said


@pytest.mark.parametrize(
    ("prefix", "class_token", "counts"),
    [
        (0, True, []),
        (0, False, []),
        (1, True, ["1 class token"]),
        (5, True, ["1 class token", "4 registers"]),
        (1, False, ["1 register"]),
        (4, False, ["4 registers"]),
    ],
)
def test_each_kind_of_prefix_token_is_counted(prefix, class_token, counts):
    assert prefix_counts(prefix, class_token=class_token) == counts
