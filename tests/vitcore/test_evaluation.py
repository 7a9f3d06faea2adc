"""Scores against a loop over images."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tests.vitcore.small_models import small_model
from vitcore import evaluation
from vitcore.tracing import predict_logits


def slow_score(logits, labels):
    right = among = loss = 0
    for row, label in zip(logits.astype(float).tolist(), labels, strict=True):
        # Most probable first, of equals the lower class.
        order = sorted(range(len(row)), key=lambda c: (-row[c], c))
        right += order[0] == label
        among += label in order[:5]
        highest = max(row)
        loss += highest + math.log(sum(math.exp(v - highest) for v in row)) - row[label]
    count = len(labels)
    return right / count, among / count, loss / count


@pytest.fixture
def answering(monkeypatch):
    """A model whose logits are given: image i is answered by row i."""

    def answering(logits):
        def answer(model, images, patch_size=None):
            return logits[images[:, 0, 0, 0].astype(int) + 256 * images[:, 0, 0, 1].astype(int)]

        monkeypatch.setattr(evaluation.tracing, "predict_logits", answer)
        images = np.zeros((len(logits), 2, 2, 3), np.uint8)
        images[:, 0, 0, 0] = np.arange(len(logits)) % 256
        images[:, 0, 0, 1] = np.arange(len(logits)) // 256
        return SimpleNamespace(config=SimpleNamespace(classes=10)), images

    return answering


@pytest.mark.parametrize("rounded", [False, True])
def test_score_is_that_of_a_loop(answering, rng, rounded):
    logits = rng.normal(0, 2, (700, 10)).astype(np.float32)  # more than one slice
    if rounded:  # full of ties
        logits = np.round(logits)
    labels = rng.integers(0, 10, 700).astype(np.uint8)
    result = evaluation.score(*answering(logits), labels)
    expected = slow_score(logits, labels)
    assert (result.accuracy, result.top5) == pytest.approx(expected[:2])
    assert result.loss == pytest.approx(expected[2], rel=1e-5)
    assert result.num_images == 700


def test_ties_go_to_the_lower_class_as_argmax_has_it(answering):
    result = evaluation.score(*answering(np.zeros((10, 10), np.float32)), np.arange(10))
    assert result.accuracy == 0.1
    assert result.top5 == 0.5
    assert result.loss == pytest.approx(math.log(10))


def test_huge_logits_do_not_overflow(answering):
    logits = np.array([[1e30, 0, 0, 0, 0, 0]], np.float32)
    assert evaluation.score(*answering(logits), np.array([0])).loss == 0


def test_progress_counts_up_to_all_images(answering, rng):
    seen = []
    model, images = answering(rng.normal(size=(1100, 10)))
    evaluation.score(model, images, np.zeros(1100, int), progress=seen.append)
    assert seen == [512, 1024, 1100]


@pytest.mark.parametrize("measure", [evaluation.score, evaluation.evaluate])
@pytest.mark.parametrize(("count", "labels"), [(0, 0), (3, 2)])
def test_one_label_per_image_is_needed(answering, measure, count, labels):
    model, images = answering(np.zeros((count, 10)))
    with pytest.raises(ValueError, match=f"got {count} and {labels}"):
        measure(model, images, np.zeros(labels, int))


def test_report_holds_the_same_score(answering, rng):
    logits = rng.normal(0, 2, (700, 10)).astype(np.float32)
    labels = rng.integers(0, 10, 700).astype(np.uint8)
    model, images = answering(logits)
    result = evaluation.evaluate(model, images, labels)
    assert result.score == evaluation.score(model, images, labels)
    assert result.confusion.sum() == 700


def test_no_images_have_no_answers(answering):
    model, images = answering(np.zeros((0, 10)))
    assert evaluation.predict_logits(model, images).shape == (0, 10)


def test_real_model_is_scored_at_the_patch_size_asked_for(rng):
    model = small_model()
    images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, 12).astype(np.uint8)
    result = evaluation.score(model, images, labels, patch_size=16)
    expected = slow_score(predict_logits(model, images, patch_size=16), labels)
    assert (result.accuracy, result.top5) == pytest.approx(expected[:2])
    assert result.loss == pytest.approx(expected[2], rel=1e-5)
