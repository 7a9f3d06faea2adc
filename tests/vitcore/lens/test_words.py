"""What the view says of its head and of its tokens."""

import pytest

from vitcore.interpret.selective_head import SelectiveHead
from vitcore.lens.words import finding, shape

NUMBERS = {"block": 1, "head": 2, "patch": 0, "share": 0.744, "uniform": 0.0968}


@pytest.mark.parametrize(
    ("kind", "prefix", "line"),
    [
        (
            "neighbors",
            (),
            "Block 2, head 3 is local: 74% of attention on neighboring patches (uniform: 9.7%)",
        ),
        ("row", (), "Block 2, head 3 attends along rows: 74% (uniform: 9.7%)"),
        ("column", (), "Block 2, head 3 attends along columns: 74% (uniform: 9.7%)"),
        ("self", (), "Block 2, head 3 attends to the query itself: 74% (uniform: 9.7%)"),
        ("peak", (), "Block 2, head 3 is sharply peaked: mean maximum 74% (uniform: 9.7%)"),
        (
            "prefix",
            ("CLS",),
            "Block 2, head 3 attends to the class token: 74% (uniform: 9.7%)",
        ),
        (
            "prefix",
            ("reg 1", "reg 2"),
            "Block 2, head 3 attends to the registers: 74% (uniform: 9.7%)",
        ),
        (
            "prefix",
            ("CLS", "reg 1"),
            "Block 2, head 3 attends to the prefix tokens: 74% (uniform: 9.7%)",
        ),
        ("uniform", (), "Attention is nearly uniform in all heads"),
        ("none", (), "No head stands out"),
        ("single", (), "Only one token: all attention is on itself"),
    ],
)
def test_one_line_of_each_pattern(kind, prefix, line):
    assert finding(SelectiveHead(kind=kind, **NUMBERS), prefix) == line


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((12, 12, (14, 14), ("CLS",)), "12 blocks × 12 heads, 14 × 14 patches + [CLS]"),
        ((1, 1, (6, 12), ()), "1 block × 1 head, 6 × 12 patches"),
        (
            (2, 1, (2, 2), ("CLS", "reg 1", "reg 2")),
            "2 blocks × 1 head, 2 × 2 patches + [CLS] + 2 registers",
        ),
        ((2, 2, (2, 2), ("reg 1",)), "2 blocks × 2 heads, 2 × 2 patches + 1 register"),
        ((2, 2, (2, 2), ("CLS", "dist")), "2 blocks × 2 heads, 2 × 2 patches + [CLS] + [dist]"),
        ((2, 2, (2, 2), "abc"), "2 blocks × 2 heads, 2 × 2 patches + 3 prefix tokens"),
    ],
)
def test_the_reading_of_the_tokens(given, words):
    assert shape(*given) == words


def test_the_reading_says_how_many_are_drawn():
    said = shape(12, 4, (2, 2), drawn=(3, 4))
    assert said == "3 of 12 blocks × 4 heads, 2 × 2 patches"
