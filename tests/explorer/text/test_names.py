"""Class token and registers are told apart, and one from many."""

import pytest

from explorer.text import language
from explorer.text.names import class_names, prefix_counts, prefix_words, shown_names
from vitcore.config import CLASS_NAMES


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


def test_classes_are_named_in_the_language_of_the_page():
    assert shown_names(class_names(10)) == CLASS_NAMES
    language.follow(lambda: "zh")
    try:
        assert " ".join(shown_names()) == "飞机 汽车 鸟 猫 鹿 狗 青蛙 马 船 卡车"
        assert shown_names(class_names(2)) == ("类别 0", "类别 1")
        assert class_names(10) == CLASS_NAMES
    finally:
        language.follow(lambda: language.ENGLISH)
