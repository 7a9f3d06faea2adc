"""Sentences about an evaluation, from reports whose finding is known."""

import numpy as np
import pytest

from explorer.words import evaluation_findings as findings
from vitcore.report import Score, by_class, reliability, report

NAMES = ("cat", "dog", "deer")
MATRIX = np.array([[6, 4, 0], [1, 9, 0], [0, 0, 10]])


def title(score, wanted=2000, source="cifar10"):
    return findings.title(score, model="flexi", source=source, wanted=wanted, patch_size=4)


def test_the_title_says_what_is_asked_then_how_it_goes_then_what_came_out():
    assert title(None) == "flexi is asked about 2,000 CIFAR-10 test photographs at patch size 4"
    assert title(Score(0.625, 0.9, 1.0, 400)) == (
        "flexi: 62% right so far, 400 of 2,000 CIFAR-10 test photographs"
    )
    assert title(Score(0.634, 0.9, 1.0, 500), wanted=500, source="sketch10") == (
        "flexi gets 63% of 500 sketches no training has seen right at patch size 4"
    )


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    # Brown, Cai & DasGupta's own example and the ends, computed with another program.
    [(0.5, 10, 0.2366, 0.7634), (0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0)],
)
def test_interval_is_wilsons(share, count, low, high):
    assert findings.interval(Score(share, 1.0, 0.0, count)) == pytest.approx((low, high), abs=1e-4)


def test_the_most_frequent_mistake_is_named_with_its_share():
    assert findings.confusion_title(MATRIX, NAMES) == (
        "Most often mistaken: a cat for a dog, 40% of all cats"
    )
    assert findings.confusion_title(np.eye(3), NAMES) == "No picture is taken for another class"


def test_a_cell_says_how_many_pictures_it_holds():
    assert findings.cell_title(MATRIX, 0, 1, NAMES) == "4 of 10 cats are answered dog"
    assert findings.cell_title(MATRIX, 2, 2, NAMES) == "10 of 10 deer are recognised"


def test_best_and_worst_class_are_named():
    assert findings.classes_title(by_class(MATRIX), NAMES) == (
        "Best at deer (F1 100%), worst at cats (71%)"
    )
    assert findings.classes_title(by_class(np.eye(3)), NAMES) == "All classes are found alike"


@pytest.mark.parametrize(
    ("confidence", "right", "words"),
    [
        (
            [0.9] * 10,
            [True] * 5 + [False] * 5,
            "Too sure of itself: 90% sure on average, and right in 50%",
        ),
        (
            [0.5] * 10,
            [True] * 9 + [False],
            "Too unsure of itself: 50% sure on average, and right in 90%",
        ),
        ([0.9] * 10, [True] * 9 + [False], "Its confidence can be believed"),
        ([0.9] * 5 + [0.2] * 5, [False] * 5 + [True] * 5, "Too sure in places"),
    ],
)
def test_calibration_says_which_way_it_errs(confidence, right, words):
    bins = reliability(np.array(confidence), np.array(right))
    assert findings.calibration_title(bins).startswith(words)


def test_a_test_on_what_was_never_learned_from_is_named():
    assert "never seen a photograph" in findings.unfamiliar("sketch10", "cifar10")
    assert findings.unfamiliar("sketch10", "sketch10") == ""
    assert findings.unfamiliar("", "cifar10") == ""


def test_the_most_frequent_mistake_is_that_of_the_largest_share_of_its_class():
    matrix = np.array([[43, 7, 0], [7, 39, 0], [0, 0, 0]])  # 7 of 50, and 7 of 46
    assert findings.confusion_title(matrix, NAMES) == (
        f"Most often mistaken: a {NAMES[1]} for a {NAMES[0]}, 15% of all {NAMES[1]}s"
    )
    assert findings.most_mistaken(matrix) == (1, 0)  # the page opens on the same cell
    assert findings.most_mistaken(np.eye(3)) == (0, 0)


def test_the_surest_mistake_is_named():
    logits = np.array([[9.0, 0, 0], [0, 3, 0], [0, 0, 1]])
    found = report(logits, np.array([1, 0, 2]))
    assert findings.mistakes_title(found, np.array([1, 0, 2]), NAMES) == (
        "Surest mistake: a dog, answered cat with >99.9%"
    )
    right = report(logits, np.array([0, 1, 2]))
    assert findings.mistakes_title(right, np.array([0, 1, 2]), NAMES) == "It makes no mistake"


def test_cost_is_compared_with_the_best_size():
    accuracy, operations = {4: 0.8, 8: 0.7, 2: 0.75}, {4: 4e8, 8: 1e8, 2: 2e9}
    best = "patch size 4 is right most often, 80%"
    assert findings.cost_title(accuracy, operations, 4) == best
    assert (
        findings.cost_title(accuracy, operations, 8)
        == f"{best}; 8 is 4.0 times cheaper and gets 70%"
    )
    assert (
        findings.cost_title(accuracy, operations, 2)
        == f"{best}; 2 is 5.0 times as costly and gets 75%"
    )
    assert findings.cost_title(accuracy, operations, 32) == best
    others = {
        "poor": {4: 0.3, 8: 0.1},  # 60 points behind at 8, but 50 at its best already
        "plain": {4: 0.75, 8: 0.3, 16: 0.1},
        "flexi": {4: 0.85, 8: 0.75, 2: 0.85},
    }
    apart = "At 8 it gets 70%, plain 30%"
    assert findings.cost_title(accuracy, operations, 4, others=others) == f"{best}. {apart}"
    assert findings.cost_title(accuracy, operations, 8, others=others) == (
        f"{best}; 8 is 4.0 times cheaper and gets 70%. {apart}"
    )
    elsewhere = {"article": {32: 0.1}}
    assert findings.cost_title(accuracy, operations, 4, others=elsewhere) == best
    assert "No bundled model" in findings.cost_title({}, {}, 4)


def test_progress_is_counted_and_its_speed_told_at_the_end():
    assert findings.progress_line(1200, 2000, 6.0) == "1,200 of 2,000 pictures"
    assert findings.progress_line(2000, 2000, 10.0) == "2,000 pictures · 200 pictures a second"


@pytest.mark.parametrize(
    ("done", "of", "said"),
    [
        (500, 10_000, "500 pictures · 89% of 10,000 on the model's card"),
        (500, 500, "500 pictures"),
        (100, 10_000, "100 of 500 pictures"),
    ],
)
def test_what_the_card_counted_of_more_pictures_stands_beside_it(done, of, said):
    assert findings.progress_line(done, 500, 0, on_card=(0.893, of)) == said
