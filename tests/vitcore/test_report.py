"""Every figure of a report against scikit-learn, and on cases solved by hand."""

import json

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from vitcore.inference import probabilities
from vitcore.report import per_class_metrics, reliability, report

CLASSES = range(10)


@pytest.fixture(params=["guessing", "good", "one class only", "a class is missing"])
def answered(request, rng):
    """Logits (500, 10) and labels (500,)."""
    labels = rng.integers(0, 10, 500)
    logits = rng.normal(0, 1.5, (500, 10))
    if request.param == "good":
        logits[np.arange(500), labels] += 3
    elif request.param == "one class only":  # nine classes are never answered
        logits[:, 4] += 15
    elif request.param == "a class is missing":
        labels[labels == 7] = 2
    return logits.astype(np.float32), labels


def test_confusion_matrix_has_the_truth_in_its_rows(answered):
    logits, labels = answered
    expected = metrics.confusion_matrix(labels, logits.argmax(axis=1), labels=CLASSES)
    np.testing.assert_array_equal(report(logits, labels).confusion, expected)


def test_precision_recall_f1_and_support_are_those_of_scikit_learn(answered):
    logits, labels = answered
    classes = report(logits, labels).classes
    expected = metrics.precision_recall_fscore_support(
        labels, logits.argmax(axis=1), labels=CLASSES, zero_division=0
    )
    for found, value in zip(
        (classes.precision, classes.recall, classes.f1, classes.support), expected, strict=True
    ):
        np.testing.assert_allclose(found, value, atol=1e-12)
    for average, weighted in (("macro", False), ("weighted", True)):
        expected = metrics.precision_recall_fscore_support(
            labels, logits.argmax(axis=1), labels=CLASSES, zero_division=0, average=average
        )[:3]
        np.testing.assert_allclose(classes.mean(weighted=weighted), expected, atol=1e-12)


def test_score_is_that_of_scikit_learn(answered):
    logits, labels = answered
    score = report(logits, labels).score
    assert score.accuracy == pytest.approx(
        metrics.accuracy_score(labels, logits.argmax(axis=1)), abs=1e-12
    )
    assert score.top5 == pytest.approx(
        metrics.top_k_accuracy_score(labels, logits, k=5, labels=CLASSES), abs=1e-12
    )
    loss = metrics.log_loss(labels, probabilities(logits.astype(np.float64)), labels=CLASSES)
    assert score.loss == pytest.approx(loss, rel=1e-6)
    assert score.num_images == 500


def test_reliability_is_that_of_scikit_learn(answered):
    logits, labels = answered
    found = report(logits, labels)
    right = found.predictions == labels
    shares, sure = calibration_curve(right, found.confidence, n_bins=15, strategy="uniform")
    bins = found.reliability
    filled = bins.num_images > 0
    np.testing.assert_allclose(bins.accuracy[filled], shares, atol=1e-12)
    np.testing.assert_allclose(bins.confidence[filled], sure, atol=1e-12)
    assert bins.num_images.sum() == 500
    assert bins.error == pytest.approx(
        sum(
            count / 500 * abs(a - b)
            for count, a, b in zip(bins.num_images[filled], shares, sure, strict=True)
        )
    )


def test_calibration_error_of_two_bins_solved_by_hand():
    confidence = np.array([0.2, 0.4, 0.5, 0.6, 1.0])  # 0.5 is an edge: of the lower bin
    right = np.array([True, False, False, True, True])
    bins = reliability(confidence, right, bins=2)
    np.testing.assert_array_equal(bins.num_images, [3, 2])
    np.testing.assert_allclose(bins.confidence, [1.1 / 3, 0.8])
    np.testing.assert_allclose(bins.accuracy, [1 / 3, 1])
    assert bins.error == pytest.approx(3 / 5 * (1.1 / 3 - 1 / 3) + 2 / 5 * 0.2)


def test_the_most_confident_mistakes_come_first():
    logits = np.array([[9.0, 0], [0, 1], [0, 5], [3, 0]])
    found = report(logits, np.array([0, 0, 0, 1]))
    np.testing.assert_array_equal(found.errors, [2, 3, 1])
    np.testing.assert_array_equal(found.predictions, [0, 1, 1, 0])
    assert found.confidence[2] == pytest.approx(1 / (1 + np.exp(-5)))


def test_logits_are_not_rounded():
    # The article's own report rounds them: 1.2 and 1.4 would tie, and the lower class would win.
    found = report(np.array([[1.2, 1.4]]), np.array([1]))
    assert found.score.accuracy == 1
    np.testing.assert_array_equal(found.confusion, [[0, 0], [0, 1]])


def test_ties_go_to_the_lower_class():
    found = report(np.zeros((2, 3)), np.array([0, 2]))
    np.testing.assert_array_equal(found.predictions, [0, 0])


def test_nothing_at_all_has_means_of_zero():
    assert per_class_metrics(np.zeros((3, 3), int)).mean(weighted=True) == (0.0, 0.0, 0.0)


def test_bins_are_plain_numbers_for_json():
    bins = report(np.eye(3), np.arange(3)).reliability
    assert json.loads(json.dumps(bins.to_dict()))["num_images"] == bins.num_images.tolist()


@pytest.mark.parametrize("labels", [[0, 1, 3], [-1, 0, 0]])
def test_a_label_that_is_no_class_is_refused(labels):
    with pytest.raises(ValueError, match=r"labels must be from 0 to 2, got -?\d to \d"):
        report(np.zeros((3, 3)), np.array(labels))


@pytest.mark.parametrize(("rows", "count"), [(0, 0), (3, 2)])
def test_one_label_per_image_is_needed(rows, count):
    with pytest.raises(ValueError, match=f"got {rows} and {count}"):
        report(np.zeros((rows, 3)), np.zeros(count, int))
