"""Class token and registers are told apart, and one from many."""

import pytest

from explorer.words.prefix_tokens import prefix_words


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
def test_tokens_of_no_patch_are_called_what_they_are(prefix, class_token, said):
    assert prefix_words(prefix, class_token=class_token) == said
