"""Titles against cases solved by hand."""

import numpy as np
import pytest

from explorer.text.findings import counted, facts, percent, prediction, sizes_caption, sizes_help
from vitcore.config import PATCH_SIZES

NAMES = ("airplane", "frog")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0%"),
        (0.0004, "<0.1%"),
        (0.0984, "9.8%"),
        (0.1, "10%"),
        (0.72, "72%"),
        (0.994, "99%"),
        (0.998, "99.8%"),
        (0.9999, ">99.9%"),
        (1.0, "100%"),
    ],
)
def test_only_nothing_and_all_are_said_to_be_so(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("probabilities", "label", "words"),
    [
        ([0.28, 0.72], 1, "frog, 72% (correct)"),
        ([0.28, 0.72], 0, "frog, 72% (true label: airplane)"),
        ([0.28, 0.72], None, "frog, 72%"),
        ([0.5, 0.5], 1, "none, every class has 50%"),
    ],
)
def test_prediction_names_class_and_true_label(probabilities, label, words):
    assert prediction(np.array(probabilities), label, NAMES) == words


def line_of_facts(patch_size, side, prefix=(), tokens=None, seconds=None):
    tokens = side**2 if tokens is None else tokens
    return facts(
        patch_size=patch_size,
        side=side,
        prefix=prefix,
        tokens=tokens,
        image_size=32,
        seconds=seconds,
    )


def test_facts_count_tokens_and_attention_scores():
    line = line_of_facts(4, 8, ["4 registers"], 68, 0.0071)
    assert line.startswith(":small[**68 tokens** = 64 patches + 4 registers ")
    assert "68² = 4,624 attention scores per head" in line
    assert line.endswith(" 7.1\u00a0ms]")


def test_facts_say_to_what_the_image_is_resized():
    line = line_of_facts(3, 11)
    assert "**121 tokens** = 121 patches " in line
    assert "33\u00a0×\u00a033 (3 does not divide 32)" in line
    assert "\u00a0ms" not in line
    assert "resized" not in line_of_facts(4, 8)


def test_one_is_singular():
    line = line_of_facts(32, 1)
    assert "**1 token** = 1 patch " in line
    assert "1² = 1 attention score per" in line
    assert [counted(n, "patch") for n in (1, 2, 1024)] == ["1 patch", "2 patches", "1,024 patches"]


def test_the_caption_of_the_sizes_names_those_of_training_and_what_was_measured():
    assert sizes_caption((), "CIFAR-10", 0) == "One set of weights."
    assert "at P = 4." in sizes_caption((4,), "CIFAR-10", 0)
    assert "at P = 4, 8. Test: 2,000 sketch10" in sizes_caption((4, 8), "sketch10", 2000)
    assert "FlexiViT" in sizes_caption(PATCH_SIZES, "CIFAR-10", 0)
    assert sizes_help(()) is None
    assert sizes_help((4, 8)) == sizes_help(PATCH_SIZES) != sizes_help((4,))
