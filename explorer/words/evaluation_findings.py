"""What the Evaluate page says about a model, written from its report."""

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.words.findings import percent, with_article
from vitcore.report import ByClass, Reliability, Report, Score

TESTED = {"cifar10": "CIFAR-10 test photographs", "sketch10": "sketches no training has seen"}
_SURE = 1.96  # standard deviations around the mean that hold 95 %


def title(score: Score | None, *, model: str, source: str, wanted: int, patch_size: int) -> str:
    """The finding of the page: how many are right, by now or in all."""
    pictures = f"{wanted:,} {TESTED[source]}"
    if score is None:
        return f"{model} is asked about {pictures} at patch size {patch_size}"
    share = percent(score.accuracy)
    if score.pictures < wanted:
        return f"{model}: {share} right so far, {score.pictures:,} of {pictures}"
    return f"{model} gets {share} of {pictures} right at patch size {patch_size}"


def interval(score: Score) -> tuple[float, float]:
    """Where the accuracy over endlessly many such pictures would lie, 95 times in 100.

    Source: Wilson 1927, as in Brown, Cai & DasGupta 2001, equation 4
    """
    count, share, square = score.pictures, score.accuracy, _SURE**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = share * (1 - share) / count + square / (4 * count**2)
    half = _SURE * reach**0.5 / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion_title(matrix: np.ndarray, names: Sequence[str]) -> str:
    """The mistake that is made most often, as a share of the pictures of its class."""
    row, column = most_mistaken(matrix)
    if row == column:
        return "No picture is taken for another class"
    true, answered = names[row], names[column]
    return (
        f"Most often mistaken: {with_article(true)} for {with_article(answered)}, "
        f"{percent(matrix[row, column] / matrix[row].sum())} of all {_plural(true)}"
    )


def most_mistaken(matrix: np.ndarray) -> tuple[int, int]:
    """The cell of the mistake with the largest share of its class; (0, 0) without any.

    Args:
        matrix: (C, C) counts, rows the true class, columns the answer.
    """
    wrong = matrix * ~np.eye(len(matrix), dtype=bool)
    shares = wrong / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # as the cells are shaded
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return int(row), int(column)


def cell_title(matrix: np.ndarray, row: int, column: int, names: Sequence[str]) -> str:
    """How many pictures a cell of the matrix holds."""
    count, whole = int(matrix[row, column]), int(matrix[row].sum())
    of = f"{count:,} of {whole:,} {_plural(names[row])}"
    if row == column:
        return f"{of} are recognised"
    return f"{of} are answered {names[column]}"


def classes_title(classes: ByClass, names: Sequence[str]) -> str:
    """The class that is found best and the one found worst, by F1."""
    if float(np.ptp(classes.f1)) == 0:
        return "All classes are found alike"
    best, worst = int(classes.f1.argmax()), int(classes.f1.argmin())

    def named(one: int) -> str:
        others = int((classes.f1 == classes.f1[one]).sum()) - 1
        alike = f" and {others} other {'class' if others == 1 else 'classes'}" if others else ""
        return f"{_plural(names[one])}{alike}"

    return (
        f"Best at {named(best)} (F1 {percent(float(classes.f1[best]))}), "
        f"worst at {named(worst)} ({percent(float(classes.f1[worst]))})"
    )


def calibration_title(bins: Reliability) -> str:
    """Whether the model is too sure of itself, and by how much."""
    count = max(int(bins.pictures.sum()), 1)
    sure, right = (float(v @ bins.pictures / count) for v in (bins.confidence, bins.accuracy))
    if bins.error < 0.02:
        return f"Its confidence can be believed: it is {percent(bins.error)} off on average"
    if abs(sure - right) < bins.error / 2:
        off = percent(bins.error)
        return f"Too sure in places, too unsure in others: {off} off on average"
    way = "sure" if sure > right else "unsure"
    sure, right = percent(sure), percent(right)
    return f"Too {way} of itself: {sure} sure on average, and right in {right}"


def unfamiliar(learned_from: str, source: str) -> str:
    """That a model is tested on what it never learned from, or ""."""
    if learned_from == "sketch10" and source == "cifar10":
        return "It learned from drawings only, and has never seen a photograph."
    return ""


def mistakes_title(found: Report, labels: np.ndarray, names: Sequence[str]) -> str:
    """The mistake that the model is surest of."""
    if not len(found.mistakes):
        return "It makes no mistake"
    first = int(found.mistakes[0])
    true, answered = names[int(labels[first])], names[int(found.answers[first])]
    share = percent(float(found.confidence[first]))
    return f"Surest mistake: {with_article(true)}, answered {answered} with {share}"


def cost_title(
    accuracy: Mapping[int, float],
    operations: Mapping[int, float],
    now: int,
    *,
    others: Mapping[str, Mapping[int, float]] | None = None,
) -> str:
    """What the present patch size costs and brings, and where another model differs most.

    Args:
        accuracy: of the chosen model by patch size.
        operations: of one picture's forward pass, alike.
        now: the present patch size.
        others: other models' accuracy by patch size, by name.
    """
    if not accuracy:
        return "No bundled model was measured at several patch sizes"
    best = max(accuracy, key=lambda size: accuracy[size])
    most = f"patch size {best} is right most often, {percent(accuracy[best])}"
    if now not in accuracy:
        return most
    if now != best:
        times = operations[best] / operations[now]
        cost = f"{times:.1f} times cheaper" if times >= 1 else f"{1 / times:.1f} times as costly"
        most += f"; {now} is {cost} and gets {percent(accuracy[now])}"
    # How much further apart two are at a size than where the other one is best: what the size does.
    wider = {}
    for name, theirs in (others or {}).items():
        gaps = {size: abs(accuracy[size] - theirs[size]) for size in accuracy.keys() & theirs}
        if gaps:
            at_best = gaps[max(gaps, key=lambda size: theirs[size])]
            wider |= {(name, size): gap - at_best for size, gap in gaps.items()}
    if not wider:
        return most
    name, size = max(wider, key=lambda place: (wider[place], place))
    theirs = percent(others[name][size])
    return f"{most}. At {size} it gets {percent(accuracy[size])}, {name} {theirs}"


def progress_line(
    done: int, wanted: int, seconds: float, *, on_card: tuple[float, int] | None = None
) -> str:
    """How far the counting is, and what was counted before of more pictures.

    Args:
        done: pictures counted.
        wanted: all that are to be.
        seconds: that the model took.
        on_card: the share that the model's card has right, and of how many pictures.
    """
    if done < wanted:
        return f"{done:,} of {wanted:,} pictures"
    line = f"{wanted:,} pictures"
    if seconds > 0:
        line += f" · {done / seconds:,.0f} pictures a second"
    if on_card is not None and on_card[1] > wanted:
        line += f" · {percent(on_card[0])} of {on_card[1]:,} on the model's card"
    return line


def _plural(name: str) -> str:
    return {"deer": "deer"}.get(name, f"{name}s")
