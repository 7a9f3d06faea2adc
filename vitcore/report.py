"""How good answers are: every figure of a report from logits and the truth, NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore.probabilities import probabilities

BINS = 15  # of the reliability diagram, as in Guo et al. 2017


@dataclass(frozen=True)
class Score:
    """Means over pictures."""

    accuracy: float  # share whose most probable class is the true one
    top5: float  # share whose true class is among the five most probable
    loss: float  # mean cross-entropy, nats
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Pictures sorted by confidence, the probability of the answer, into M bins of equal width.

    Bin m holds confidences above m/M, up to (m+1)/M. Where a bin is empty its means are 0.
    """

    pictures: np.ndarray  # (M,) int64
    confidence: np.ndarray  # (M,) mean
    accuracy: np.ndarray  # (M,) share that is right
    error: float  # expected calibration error: mean gap of the two, weighted by pictures

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "pictures": self.pictures.tolist(),
            "confidence": np.round(self.confidence, 4).tolist(),
            "accuracy": np.round(self.accuracy, 4).tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ByClass:
    """How well each class is found; a share of nothing is 0, as scikit-learn has it."""

    precision: np.ndarray  # (C,) of the pictures answered so, the share that is so
    recall: np.ndarray  # (C,) of the pictures that are so, the share answered so
    f1: np.ndarray  # (C,) harmonic mean of the two
    support: np.ndarray  # (C,) int64, pictures that are so

    def mean(self, *, weighted: bool = False) -> tuple[float, float, float]:
        """Means of precision, recall and F1 over classes, each alike or by its support."""
        weights = self.support if weighted else np.ones(len(self.support))
        columns = (self.precision, self.recall, self.f1)
        if not weights.sum():
            return 0.0, 0.0, 0.0
        return tuple(float(np.average(column, weights=weights)) for column in columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that an evaluation says; of equal logits the lower class is the answer."""

    score: Score
    confusion: np.ndarray  # (C, C) int64, rows the true class, columns the answer
    classes: ByClass
    reliability: Reliability
    answers: np.ndarray  # (N,) int64, the most probable class, of the logits as they are
    confidence: np.ndarray  # (N,) probability of the answer
    mistakes: np.ndarray  # pictures answered wrongly, the most confident first


def report(logits: np.ndarray, labels: np.ndarray, *, bins: int = BINS) -> Report:
    """Compare answers with the truth in every way that the app shows.

    Args:
        logits: (N, C), N at least 1; not rounded.
        labels: (N,) whole numbers below C.
        bins: M, of the reliability diagram.

    Raises:
        ValueError: if there is no picture, or not one label below C for each.
    """
    logits, true = _checked(logits, labels)
    answers = logits.argmax(axis=1)
    found = confusion(answers, true, logits.shape[1])
    confidence = probabilities(logits).max(axis=1)
    wrong = np.flatnonzero(answers != true)
    return Report(
        score=score_of(logits, true),
        confusion=found,
        classes=by_class(found),
        reliability=reliability(confidence, answers == true, bins=bins),
        answers=answers,
        confidence=confidence,
        mistakes=wrong[np.argsort(-confidence[wrong], kind="stable")],
    )


def score_of(logits: np.ndarray, labels: np.ndarray) -> Score:
    """Accuracy, top-5 and loss of logits (N, C) under labels (N,).

    Raises:
        ValueError: if there is no picture, or not one label below C for each.
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
        pictures=len(true),
    )


def confusion(answers: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """How often each class (row) was answered as each (column): (C, C) int64."""
    pairs = np.asarray(labels, np.int64) * classes + answers
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def by_class(matrix: np.ndarray) -> ByClass:
    """Precision, recall, F1 and support of each class from a confusion matrix (C, C)."""
    right = np.diag(matrix).astype(np.float64)
    answered, support = matrix.sum(axis=0), matrix.sum(axis=1)
    return ByClass(
        precision=right / np.maximum(answered, 1),
        recall=right / np.maximum(support, 1),
        f1=2 * right / np.maximum(answered + support, 1),
        support=support,
    )


def reliability(confidence: np.ndarray, right: np.ndarray, *, bins: int = BINS) -> Reliability:
    """How often answers are right that are given with about the same confidence.

    Args:
        confidence: (N,) probability of each answer, above 0, at most 1.
        right: (N,) bool.
        bins: M, at least 1, of equal width.

    Source: Guo et al. 2017, equations 2 to 5, https://arxiv.org/abs/1706.04599
    """
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.searchsorted(inner, confidence)  # an edge belongs to the bin below it
    count = np.bincount(place, minlength=bins)
    sure = np.bincount(place, confidence, minlength=bins) / np.maximum(count, 1)
    share = np.bincount(place, right, minlength=bins) / np.maximum(count, 1)
    error = float(np.abs(sure - share) @ count / max(count.sum(), 1))
    return Reliability(pictures=count, confidence=sure, accuracy=share, error=error)


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
