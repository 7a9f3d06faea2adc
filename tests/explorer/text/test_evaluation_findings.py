"""Findings of an evaluation, from reports whose numbers are known."""

import numpy as np
import pytest

from explorer.text import evaluation_findings as findings
from vitcore.report import Score, per_class_metrics, reliability, report

NAMES = ("cat", "dog", "deer")
MATRIX = np.array([[6, 4, 0], [1, 9, 0], [0, 0, 10]])


def accuracy(score, wanted=2000, source="cifar10"):
    return findings.accuracy_finding(
        score, source=source, wanted=wanted, whole=10_000, patch_size=4
    )


def test_the_accuracy_comes_with_its_images():
    assert accuracy(Score(0.625, 0.9, 1.0, 400)) == (
        "Accuracy 63% so far (400 of 2,000 CIFAR-10 test images)"
    )
    assert "63% (first 500 of 10,000 sketch10" in accuracy(
        Score(0.634, 0.9, 1.0, 500), wanted=500, source="sketch10"
    )
    assert "63.4% (10,000 CIFAR-10" in accuracy(Score(0.634, 0.9, 1.0, 10_000), wanted=10_000)


@pytest.mark.parametrize(
    ("share", "images", "said"),
    [
        (0.9024, 10_000, "90.2%"),
        (0.9024, 500, "90%"),
        (0.05, 500, "5.0%"),
        (1.0, 10_000, "100%"),
        (0.9999, 10_000, ">99.9%"),
    ],
)
def test_an_accuracy_has_a_decimal_where_it_was_measured_on_many_images(share, images, said):
    assert findings.accuracy_percent(share, images) == said


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    # Brown, Cai & DasGupta's own example and the ends, computed with another program.
    [(0.5, 10, 0.2366, 0.7634), (0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0)],
)
def test_interval_is_wilsons(share, count, low, high):
    assert findings.interval(Score(share, 1.0, 0.0, count)) == pytest.approx((low, high), abs=1e-4)


def test_the_most_frequent_error_is_that_of_the_largest_fraction_of_its_row():
    matrix = np.array([[43, 7, 0], [7, 39, 0], [0, 0, 0]])  # 7 of 50, and 7 of 46
    assert findings.most_frequent_error(matrix) == (1, 0)
    assert "dog → cat (15% of dogs)" in findings.confusion_finding(matrix, NAMES)
    tied = np.array([[9, 1, 0], [0, 18, 2], [0, 1, 19]])
    assert "(10% of " in findings.confusion_finding(tied, NAMES)
    assert "and 1 tied" in findings.confusion_finding(tied, NAMES)
    assert findings.most_frequent_error(np.eye(3)) == (0, 0)
    assert findings.confusion_finding(np.eye(3), NAMES) == "No errors"


def test_a_cell_says_how_many_images_it_holds():
    assert findings.cell_finding(MATRIX, 0, 1, NAMES) == "cat → dog: 4 of 10"
    assert findings.cell_finding(MATRIX, 2, 2, NAMES) == "deer, correct: 10 of 10"


def test_the_classes_of_highest_and_lowest_f1_are_named():
    said = findings.classes_finding(per_class_metrics(MATRIX), NAMES)
    assert said == "Best F1: deer 100%. Lowest: cat 71%."
    assert "dog" not in said
    assert findings.classes_finding(per_class_metrics(np.eye(3)), NAMES).startswith("Same")


@pytest.mark.parametrize(
    ("confidence", "correct", "words"),
    [
        ([0.9] * 10, [True] * 5 + [False] * 5, ("Over-confident", "90%", "50%")),
        ([0.5] * 10, [True] * 9 + [False], ("Under-confident", "50%", "90%")),
        ([0.9] * 10, [True] * 9 + [False], ("Well calibrated",)),
        ([0.9] * 5 + [0.2] * 5, [False] * 5 + [True] * 5, ("Mixed", "ECE 85%")),
    ],
)
def test_calibration_says_which_way_it_errs(confidence, correct, words):
    bins = reliability(np.array(confidence), np.array(correct))
    said = findings.calibration_finding(bins)
    assert all(word in said for word in words)


def test_a_test_set_unlike_the_training_data_is_named():
    assert findings.out_of_distribution("sketch10", "cifar10")
    assert findings.out_of_distribution("sketch10", "sketch10") == ""
    assert findings.out_of_distribution("", "cifar10") == ""


def test_the_most_confident_error_is_named():
    logits = np.array([[9.0, 0, 0], [0, 3, 0], [0, 0, 1]])
    labels = np.array([1, 0, 2])
    assert findings.errors_finding(report(logits, labels), labels, NAMES) == "dog → cat, >99.9%"
    labels = np.array([0, 1, 2])
    assert findings.errors_finding(report(logits, labels), labels, NAMES) == "No errors"


def test_cost_is_compared_with_the_best_size():
    accuracy, flops = {4: 0.8, 8: 0.7, 2: 0.75}, {4: 4e8, 8: 1e8, 2: 2e9}
    best = "Best: P = 4 (80.0%)."
    assert findings.cost_finding(accuracy, flops, 4) == best
    cheaper = findings.cost_finding(accuracy, flops, 8)
    assert cheaper == f"{best} P = 8 needs 4.0× fewer FLOPs (70.0%)."
    assert "P = 2 needs 5.0× the FLOPs (75.0%)" in findings.cost_finding(accuracy, flops, 2)
    assert findings.cost_finding(accuracy, flops, 32) == best
    assert "of other" in findings.cost_finding(accuracy, flops, 4, model="other")


def test_progress_is_counted_and_its_speed_told_at_the_end():
    assert findings.progress_line(1200, 2000, 6.0) == "1,200 / 2,000 images"
    assert findings.progress_line(2000, 2000, 10.0) == "2,000 images · 200 images/s"
