"""Titles against cases solved by hand."""

import numpy as np
import pytest

from explorer.words.findings import (
    cut_title,
    distance_title,
    facts,
    percent,
    prediction,
    sizes_help,
    sizes_title,
)
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


def test_before_an_answer_the_title_is_about_the_cut():
    assert cut_title(4, 8) == "Cut 4 pixels wide, the picture becomes 8 × 8 patches"
    assert "one token" in cut_title(32, 1)


def test_distance_is_told_for_the_first_and_the_last_block():
    distances = np.array([[2.0, 15.2], [9.0, 9.0], [16.1, 16.9]])
    assert distance_title(distances, 17.0) == (
        "In block 1 the heads look 2 to 15 pixels far; in block 3, 16 to 17"
    )
    assert distance_title(distances[1:2], 17.0) == (
        "In block 1 the heads look 9 pixels far; an even spread, 17"
    )
    assert "one patch" in distance_title(np.zeros((2, 2)), 0.0)


def test_facts_count_tokens_and_pairs():
    line = facts(patch_size=4, side=8, prefix=0, blocks=6, heads=3, seconds=0.0071)
    assert line.startswith(":small[**64 tokens**")
    assert "`32·32 / 4² = 64` patches" in line
    assert "`64² = 4,096` pairs per head" in line
    assert "6 × 3 heads" in line
    assert "computed in 7.1\u00a0ms" in line


def test_facts_of_a_resized_picture_with_a_class_token():
    line = facts(patch_size=3, side=11, prefix=1, blocks=None, heads=None, seconds=None)
    assert "**122 tokens**" in line
    assert "`11² + 1 = 122`" in line
    assert " 1 of no patch " in line
    assert "32 is not a multiple of 3, so the picture is resized to `33\u00a0×\u00a033`" in line
    assert "computed" not in line


def test_one_token_is_singular():
    line = facts(patch_size=32, side=1, prefix=0, blocks=4, heads=1, seconds=None)
    assert "**1 token**" in line
    assert "= 1` patch " in line
    assert "1` pair per head" in line
    assert "4 × 1 head" in line


def test_it_is_said_at_which_sizes_a_model_was_trained_and_what_that_means():
    assert sizes_title(()) == "The same weights, other patch sizes"
    assert sizes_help(()) is None
    assert sizes_title((4,)).endswith("they were trained at 4 only")
    assert "never met in training" in sizes_help((4,))
    assert sizes_title((4, 8)).endswith("they were trained at 4, 8")
    assert sizes_title(PATCH_SIZES).endswith("they were trained at all of them")
    assert sizes_help((4, 8)) == sizes_help(PATCH_SIZES) != sizes_help((4,))
