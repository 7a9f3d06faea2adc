"""What the Evaluate page says about a model, written from its report."""

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.text.findings import counted, percent
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from vitcore.report import ClassMetrics, Reliability, Report, Score

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
        return tr(
            "Accuracy {accuracy} so far ({done} of {count} {dataset} test images)",
            accuracy=percent(score.accuracy),
            done=f"{score.num_images:,}",
            count=f"{wanted:,}",
            dataset=DATASET_NAMES[source],
        )
    all_of_them = N_("Accuracy {accuracy} ({count} {dataset} test images, P = {size})")
    some = N_("Accuracy {accuracy} (first {count} of {whole} {dataset} test images, P = {size})")
    return tr(
        all_of_them if wanted == whole else some,
        accuracy=accuracy_percent(score.accuracy, wanted),
        count=f"{wanted:,}",
        whole=f"{whole:,}",
        dataset=DATASET_NAMES[source],
        size=patch_size,
    )


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
        return tr("No errors")
    one = N_("Most frequent error: {true} → {predicted} ({rate} of {images})")
    tied = N_("Most frequent errors: {true} → {predicted} ({rate} of {images}) and {count} tied")
    shares = _error_shares(matrix)
    count = int((shares == shares.max()).sum()) - 1
    return tr(
        tied if count else one,
        true=names[true],
        predicted=names[predicted],
        rate=percent(shares.max()),
        images=plural(names[true]),
        count=count,
    )


def most_frequent_error(matrix: np.ndarray) -> tuple[int, int]:
    """True and predicted label of the error with the largest fraction of its row.

    Args:
        matrix: (C, C) counts, rows the true label, columns the predicted one.

    Returns:
        (0, 0) where there is no error.
    """
    shares = _error_shares(matrix)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return int(row), int(column)


def _error_shares(matrix: np.ndarray) -> np.ndarray:
    """The errors as fractions of their row (C, C), as the cells are shaded; 0 on the diagonal."""
    wrong = matrix * ~np.eye(len(matrix), dtype=bool)
    return wrong / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def cell_finding(matrix: np.ndarray, true: int, predicted: int, names: Sequence[str]) -> str:
    """How many images a cell of the matrix holds."""
    correct = N_("{true}, correct: {count} of {whole}")
    error = N_("{true} → {predicted}: {count} of {whole}")
    return tr(
        correct if true == predicted else error,
        true=names[true],
        predicted=names[predicted],
        count=f"{int(matrix[true, predicted]):,}",
        whole=f"{int(matrix[true].sum()):,}",
    )


def classes_finding(classes: ClassMetrics, names: Sequence[str]) -> str:
    """The classes with the highest and the lowest F1."""
    if float(np.ptp(classes.f1)) == 0:
        return tr("Same F1 for all classes")

    def named(value: float) -> str:
        alike = np.flatnonzero(classes.f1 == value)
        label = names[alike[0]]
        if len(alike) == 1:
            return f"{label} {percent(value)}"
        count = len(alike) - 1
        return tr("{label} and {count} more {f1}", label=label, count=count, f1=percent(value))

    best, worst = float(classes.f1.max()), float(classes.f1.min())
    return tr("Best F1: {best}. Lowest: {worst}.", best=named(best), worst=named(worst))


def calibration_finding(bins: Reliability) -> str:
    """Whether a model is over- or under-confident, and by how much."""
    count = max(int(bins.num_images.sum()), 1)
    confidence, accuracy = (
        float(values @ bins.num_images / count) for values in (bins.confidence, bins.accuracy)
    )
    if bins.error < 0.02:
        return tr("Well calibrated: ECE {error}", error=percent(bins.error))
    if abs(confidence - accuracy) < bins.error / 2:
        return tr("Mixed over- and under-confidence: ECE {error}", error=percent(bins.error))
    over = N_("Over-confident: mean confidence {confidence}, accuracy {accuracy}")
    under = N_("Under-confident: mean confidence {confidence}, accuracy {accuracy}")
    return tr(
        over if confidence > accuracy else under,
        confidence=percent(confidence),
        accuracy=percent(accuracy),
    )


def out_of_distribution(train_data: str, source: str) -> str:
    """That a model is evaluated on what it was not trained on, or ""."""
    if train_data == "sketch10" and source == "cifar10":
        return tr("Out of distribution: trained on sketch10 only.")
    return ""


def errors_finding(found: Report, labels: np.ndarray, names: Sequence[str]) -> str:
    """The error with the highest confidence."""
    if not len(found.errors):
        return tr("No errors")
    first = int(found.errors[0])
    true, predicted = names[int(labels[first])], names[int(found.predictions[first])]
    confidence = percent(float(found.confidence[first]))
    return tr("{true} → {predicted}, {share}", true=true, predicted=predicted, share=confidence)


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
    at_best = {"size": best, "accuracy": f"{accuracy[best]:.1%}"}
    if model:
        said = tr("Best of {model}: P = {size} ({accuracy}).", model=model, **at_best)
    else:
        said = tr("Best: P = {size} ({accuracy}).", **at_best)
    if now not in accuracy or now == best:
        return said
    times = flops[best] / flops[now]
    fewer = N_(" P = {size} needs {times}× fewer FLOPs ({accuracy}).")
    more = N_(" P = {size} needs {times}× the FLOPs ({accuracy}).")
    return said + tr(
        fewer if times >= 1 else more,
        size=now,
        times=f"{times if times >= 1 else 1 / times:.1f}",
        accuracy=f"{accuracy[now]:.1%}",
    )


def progress_line(done: int, wanted: int, seconds: float) -> str:
    """How far an evaluation is, and how fast it was.

    Args:
        done: images evaluated.
        wanted: images to evaluate.
        seconds: of the forward passes.
    """
    if done < wanted:
        return tr("{done} / {count} images", done=f"{done:,}", count=f"{wanted:,}")
    line = counted(wanted, "image")
    if seconds <= 0:
        return line
    return f"{line} · {tr('{count} images/s', count=f'{done / seconds:,.0f}')}"


def plural(name: str) -> str:
    """The plural of a class name."""
    return {"deer": "deer"}.get(name) or tr("{name}s", name=name)
