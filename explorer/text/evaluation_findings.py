"""What the Evaluate page says about a model, written from its report."""

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.text.findings import percent
from explorer.text.names import DATASET_NAMES
from vitcore.report import ClassMetrics, Reliability, Report, Score

TESTED = {name: f"{title} test images" for name, title in DATASET_NAMES.items()}
_MANY = 1000  # images from which on a decimal of an accuracy means something
_Z = 1.96  # standard deviations around the mean that hold 95 %


def accuracy_percent(accuracy: float, images: int) -> str:
    """An accuracy, with a decimal where it was measured on enough images."""
    if images >= _MANY and 0.0995 <= accuracy < 0.995:
        return f"{accuracy:.1%}"
    return percent(accuracy)


def accuracy_finding(score: Score, *, source: str, wanted: int, whole: int, patch_size: int) -> str:
    """The accuracy so far or in the end, and on which images.

    Args:
        score: of the images evaluated so far.
        source: dataset.
        wanted: images to evaluate.
        whole: images of the test set.
        patch_size: P.
    """
    if score.num_images < wanted:
        share = percent(score.accuracy)
        return f"Accuracy {share} so far ({score.num_images:,} of {wanted:,} {TESTED[source]})"
    share = accuracy_percent(score.accuracy, wanted)
    some = f"{wanted:,}" if wanted == whole else f"first {wanted:,} of {whole:,}"
    return f"Accuracy {share} ({some} {TESTED[source]}, P = {patch_size})"


def interval(score: Score) -> tuple[float, float]:
    """The 95% confidence interval of an accuracy.

    Source: Wilson 1927, as in Brown, Cai & DasGupta 2001, equation 4
    """
    count, share, square = score.num_images, score.accuracy, _Z**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = share * (1 - share) / count + square / (4 * count**2)
    half = _Z * reach**0.5 / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion_finding(matrix: np.ndarray, names: Sequence[str]) -> str:
    """The most frequent error, as a fraction of the images of its true label."""
    true, predicted = most_frequent_error(matrix)
    if true == predicted:
        return "No errors"
    rate = percent(matrix[true, predicted] / matrix[true].sum())
    return (
        f"Most frequent error: {names[true]} → {names[predicted]} ({rate} of {plural(names[true])})"
    )


def most_frequent_error(matrix: np.ndarray) -> tuple[int, int]:
    """True and predicted label of the error with the largest fraction of its row.

    Args:
        matrix: (C, C) counts, rows the true label, columns the predicted one.

    Returns:
        (0, 0) where there is no error.
    """
    wrong = matrix * ~np.eye(len(matrix), dtype=bool)
    shares = wrong / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # as the cells are shaded
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return int(row), int(column)


def cell_finding(matrix: np.ndarray, true: int, predicted: int, names: Sequence[str]) -> str:
    """How many images a cell of the matrix holds."""
    cell = f"{names[true]} → {names[predicted]}" if true != predicted else f"{names[true]}, correct"
    return f"{cell}: {int(matrix[true, predicted]):,} of {int(matrix[true].sum()):,}"


def classes_finding(classes: ClassMetrics, names: Sequence[str]) -> str:
    """The classes with the highest and the lowest F1."""
    if float(np.ptp(classes.f1)) == 0:
        return "Same F1 for all classes"

    def named(value: float) -> str:
        alike = np.flatnonzero(classes.f1 == value)
        others = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        return f"{names[alike[0]]}{others} {percent(value)}"

    best, worst = float(classes.f1.max()), float(classes.f1.min())
    return f"Best F1: {named(best)}. Lowest: {named(worst)}."


def calibration_finding(bins: Reliability) -> str:
    """Whether a model is over- or under-confident, and by how much."""
    count = max(int(bins.num_images.sum()), 1)
    confidence, accuracy = (
        float(values @ bins.num_images / count) for values in (bins.confidence, bins.accuracy)
    )
    if bins.error < 0.02:
        return f"Well calibrated: ECE {percent(bins.error)}"
    if abs(confidence - accuracy) < bins.error / 2:
        return f"Mixed over- and under-confidence: ECE {percent(bins.error)}"
    way = "Over" if confidence > accuracy else "Under"
    return f"{way}-confident: mean confidence {percent(confidence)}, accuracy {percent(accuracy)}"


def out_of_distribution(train_data: str, source: str) -> str:
    """That a model is evaluated on what it was not trained on, or ""."""
    if train_data == "sketch10" and source == "cifar10":
        return "Out of distribution: trained on sketch10 only."
    return ""


def errors_finding(found: Report, labels: np.ndarray, names: Sequence[str]) -> str:
    """The error with the highest confidence."""
    if not len(found.errors):
        return "No errors"
    first = int(found.errors[0])
    true, predicted = names[int(labels[first])], names[int(found.predictions[first])]
    return f"{true} → {predicted}, {percent(float(found.confidence[first]))}"


def cost_finding(
    accuracy: Mapping[int, float], flops: Mapping[int, float], now: int, *, model: str = ""
) -> str:
    """The best patch size, and what the current one costs and gives beside it.

    Args:
        accuracy: of a model by patch size.
        flops: of one forward pass, alike.
        now: the current patch size.
        model: its name, where it must be said.
    """
    best = max(accuracy, key=lambda size: accuracy[size])
    of = f" of {model}" if model else ""
    said = f"Best{of}: P = {best} ({accuracy[best]:.1%})."
    if now not in accuracy or now == best:
        return said
    times = flops[best] / flops[now]
    compute = f"{times:.1f}× fewer FLOPs" if times >= 1 else f"{1 / times:.1f}× the FLOPs"
    return f"{said} P = {now} needs {compute} ({accuracy[now]:.1%})."


def progress_line(done: int, wanted: int, seconds: float) -> str:
    """How far an evaluation is, and how fast it was.

    Args:
        done: images evaluated.
        wanted: images to evaluate.
        seconds: of the forward passes.
    """
    if done < wanted:
        return f"{done:,} / {wanted:,} images"
    line = f"{wanted:,} images"
    if seconds > 0:
        line += f" · {done / seconds:,.0f} images/s"
    return line


def plural(name: str) -> str:
    """The plural of a class name."""
    return {"deer": "deer"}.get(name, f"{name}s")
