"""How good predictions are: every metric of a report from logits and labels, NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore.inference import probabilities

BINS = 15  # of the reliability diagram, as in Guo et al. 2017


@dataclass(frozen=True)
class Score:
    """Means over images."""

    accuracy: float  # fraction whose most probable class is the true one
    top5: float  # fraction whose true class is among the five most probable
    loss: float  # mean cross-entropy, nats
    num_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Images sorted by confidence, the probability of the prediction, into M bins of equal width.

    Bin m holds confidences above m/M, up to (m+1)/M. Where a bin is empty its means are 0.
    """

    num_images: np.ndarray  # (M,) int64
    confidence: np.ndarray  # (M,) mean
    accuracy: np.ndarray  # (M,) fraction that is correct
    error: float  # expected calibration error: mean gap of the two, weighted by images

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "num_images": self.num_images.tolist(),
            "confidence": np.round(self.confidence, 4).tolist(),
            "accuracy": np.round(self.accuracy, 4).tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMetrics:
    """How well each class is found; a share of nothing is 0, as scikit-learn has it."""

    precision: np.ndarray  # (C,) fraction of the images predicted so that are so
    recall: np.ndarray  # (C,) fraction of the images that are so that is predicted so
    f1: np.ndarray  # (C,) harmonic mean of the two
    support: np.ndarray  # (C,) int64, images that are so

    def mean(self, *, weighted: bool = False) -> tuple[float, float, float]:
        """Means of precision, recall and F1 over classes, each alike or by its support."""
        weights = self.support if weighted else np.ones(len(self.support))
        columns = (self.precision, self.recall, self.f1)
        if not weights.sum():
            return 0.0, 0.0, 0.0
        precision, recall, f1 = (float(np.average(each, weights=weights)) for each in columns)
        return precision, recall, f1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that an evaluation says; of equal logits the lower class is predicted."""

    score: Score
    confusion: np.ndarray  # (C, C) int64, rows the true class, columns the predicted one
    classes: ClassMetrics
    reliability: Reliability
    predictions: np.ndarray  # (N,) int64, the most probable class, of the logits as they are
    confidence: np.ndarray  # (N,) probability of the prediction
    errors: np.ndarray  # indices of misclassified images, the most confident first


def report(logits: np.ndarray, labels: np.ndarray, *, bins: int = BINS) -> Report:
    """Compare predictions with the true labels in every way that the app shows.

    Args:
        logits: (N, C), N at least 1; not rounded.
        labels: (N,) integers below C.
        bins: M, of the reliability diagram.

    Raises:
        ValueError: if there is no image, or not one label below C for each.
    """
    logits, true = _checked(logits, labels)
    predictions = logits.argmax(axis=1)
    found = confusion(predictions, true, logits.shape[1])
    confidence = probabilities(logits).max(axis=1)
    wrong = np.flatnonzero(predictions != true)
    return Report(
        score=score_of(logits, true),
        confusion=found,
        classes=per_class_metrics(found),
        reliability=reliability(confidence, predictions == true, bins=bins),
        predictions=predictions,
        confidence=confidence,
        errors=wrong[np.argsort(-confidence[wrong], kind="stable")],
    )


def score_of(logits: np.ndarray, labels: np.ndarray) -> Score:
    """Accuracy, top-5 and loss of logits (N, C) under labels (N,).

    Raises:
        ValueError: if there is no image, or not one label below C for each.
    """
    logits, true = _checked(logits, labels)
    own = logits[np.arange(len(true)), true]
    # Ties go to the lower class, as argmax has it.
    ahead = (logits > own[:, None]) | (
        (logits == own[:, None]) & (np.arange(logits.shape[1]) < true[:, None])
    )
    rank = ahead.sum(axis=1)
    highest = logits.max(axis=1)
    log_sum = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return Score(
        accuracy=float((rank == 0).mean()),
        top5=float((rank < 5).mean()),
        loss=float((log_sum - own).mean()),
        num_images=len(true),
    )


def confusion(predictions: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was predicted as each (column): (C, C) int64."""
    pairs = np.asarray(labels, np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def per_class_metrics(matrix: np.ndarray) -> ClassMetrics:
    """Precision, recall, F1 and support of each class from a confusion matrix (C, C)."""
    correct = np.diag(matrix).astype(np.float64)
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    return ClassMetrics(
        precision=correct / np.maximum(predicted, 1),
        recall=correct / np.maximum(support, 1),
        f1=2 * correct / np.maximum(predicted + support, 1),
        support=support,
    )


def reliability(confidence: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> Reliability:
    """How often predictions of about the same confidence are correct.

    Args:
        confidence: (N,) probability of each prediction, above 0, at most 1.
        correct: (N,) bool.
        bins: M, at least 1, of equal width.

    Source: Guo et al. 2017, equations 2 to 5, https://arxiv.org/abs/1706.04599
    """
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.searchsorted(inner, confidence)  # an edge belongs to the bin below it
    count = np.bincount(place, minlength=bins)
    mean = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    share = np.bincount(place, correct, minlength=bins) / np.maximum(count, 1)
    error = float(np.abs(mean - share) @ count / max(count.sum(), 1))
    return Reliability(num_images=count, confidence=mean, accuracy=share, error=error)


def _checked(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits = np.asarray(logits, np.float64)
    labels = np.asarray(labels).astype(np.int64)
    if len(logits) == 0 or len(logits) != len(labels):
        raise ValueError(
            "logits and labels must have the same non-zero length, "
            f"got {len(logits)} and {len(labels)}"
        )
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"labels must be from 0 to {logits.shape[1] - 1}, got {labels.min()} to {labels.max()}"
        )
    return logits, labels
