"""The Evaluate page's tables: as HTML for the eye, as CSV for a spreadsheet."""

import csv
import html
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from explorer.text.evaluation_findings import accuracy_percent, interval, progress_line
from explorer.text.findings import counted, percent
from explorer.text.language import tr
from vitcore.inference import probabilities
from vitcore.report import ClassMetrics, Report

_STYLE = """<style>
.scores { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 0; font-variant-numeric: tabular-nums; }
.scores div { display: flex; flex-direction: column; min-width: 6.5rem; }
.scores span { font-size: .87rem; color: color-mix(in srgb, currentColor 75%, transparent); }
.scores b { font-size: 1.6rem; font-weight: 600; line-height: 1.3; }
.counted { margin: 0; font-size: .87rem; font-variant-numeric: tabular-nums; }
.counted i { display: block; height: 3px; margin-top: 4px; border-radius: 2px; background: currentColor; opacity: .6; }
.by-class { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.by-class th, .by-class td { text-align: right; font-weight: 400; padding: .22rem .5rem; border: 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
@media (max-width: 400px) { .by-class th, .by-class td { padding-inline: .25rem; } }
.by-class th:first-child { text-align: left; padding-left: 0; }
.by-class thead th { color: color-mix(in srgb, currentColor 75%, transparent); }
.by-class tr.best td:nth-child(4), .by-class tr.worst td:nth-child(4) { font-weight: 600; }
.by-class tr.mean th, .by-class tr.mean td { color: color-mix(in srgb, currentColor 75%, transparent); }
</style>"""  # noqa: E501


def progress(done: int, wanted: int, seconds: float) -> str:
    """How far the evaluation is, as a line above a bar, which is gone at the end."""
    share = 0 if done >= wanted else 100 * done / wanted
    words = html.escape(progress_line(done, wanted, seconds))
    return f'{_STYLE}<p class=counted role=status>{words}<i style="width:{share:.1f}%"></i></p>'


def scores(found: Report, *, on_card: tuple[float, int] | None = None) -> str:
    """Accuracy with its confidence interval, top-5 accuracy, ECE and loss, large.

    Args:
        found: of the images evaluated.
        on_card: accuracy on the model card, and of how many images: beside the other accuracy.
    """
    low, high = (100 * bound for bound in interval(found.score))
    classes = len(found.classes.f1)
    decimals = 0 if low >= 10 and high < 99.5 else 1
    card = ()
    if on_card is not None:
        accuracy, count = on_card
        card = (
            (
                tr("Accuracy, all {count}", count=f"{count:,}"),
                accuracy_percent(accuracy, count),
                tr("model card"),
            ),
        )
    parts = (
        (
            tr("Accuracy, {images}", images=counted(found.score.num_images, "image")),
            percent(found.score.accuracy),
            tr(
                "95% CI {low}–{high}%",
                low=f"{low:.{decimals}f}",
                high=f"{high:.{decimals}f}",
            ),
        ),
        *card,
        (
            tr("Top-5 accuracy"),
            percent(found.score.top5),
            tr("chance {value}", value=percent(min(5, classes) / classes)),
        ),
        ("ECE", percent(found.reliability.error), tr("0 = calibrated")),
        (
            tr("Loss"),
            f"{found.score.loss:.2f}",
            tr("chance {value}", value=f"{math.log(classes):.2f}"),
        ),
    )
    cells = "".join(
        f"<div><span>{name}</span><b>{html.escape(value)}</b><span>{html.escape(more)}</span></div>"
        for name, value, more in parts
    )
    return f"{_STYLE}<div class=scores>{cells}</div>"


def by_class(classes: ClassMetrics, names: Sequence[str]) -> str:
    """Precision, recall, F1 and support of each class, and their two averages."""
    best, worst = int(classes.f1.argmax()), int(classes.f1.argmin())
    rows = []
    for number, name in enumerate(names):
        kind = "best" if number == best else "worst" if number == worst else ""
        shares = (classes.precision[number], classes.recall[number], classes.f1[number])
        rows.append(_row(name, shares, int(classes.support[number]), kind))
    whole = int(classes.support.sum())
    rows.append(_row(tr("macro avg"), classes.mean(), whole, "mean"))
    rows.append(_row(tr("weighted avg"), classes.mean(weighted=True), whole, "mean"))
    columns = ("", tr("precision"), tr("recall"), "F1", tr("support"))
    head = "".join(f"<th scope=col>{name}</th>" for name in columns)
    return f"{_STYLE}<table class=by-class><tr>{head}</tr>{''.join(rows)}</table>"


def by_class_csv(classes: ClassMetrics, names: Sequence[str]) -> str:
    """The same as CSV, shares from 0 to 1."""
    columns = zip(
        names, classes.precision, classes.recall, classes.f1, classes.support, strict=True
    )
    rows = [[name, *map(_six, shares), int(support)] for name, *shares, support in columns]
    whole = int(classes.support.sum())
    for name, weighted in (("macro avg", False), ("weighted avg", True)):
        rows.append([name, *map(_six, classes.mean(weighted=weighted)), whole])
    return _csv(["class", "precision", "recall", "f1", "support"], rows)


def confusion_csv(matrix: np.ndarray, names: Sequence[str]) -> str:
    """The confusion matrix as CSV: a row per true label, a column per predicted label."""
    rows = ([name, *map(int, row)] for name, row in zip(names, matrix, strict=True))
    return _csv(["true \\ predicted", *names], rows)


def predictions_csv(logits: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> str:
    """A row per image: index, true and predicted label, and the probability of each class."""
    shares = probabilities(np.asarray(logits, np.float64))
    rows = (
        [number, names[int(true)], names[int(row.argmax())], *map(_six, row)]
        for number, (true, row) in enumerate(zip(labels, shares, strict=True))
    )
    return _csv(["index", "true_label", "predicted_label", *names], rows)


def _row(name: str, shares: Iterable[float], support: int, kind: str) -> str:
    cells = "".join(f"<td>{html.escape(percent(float(share)))}</td>" for share in shares)
    return (
        f"<tr class={kind or 'class'}><th scope=row>{html.escape(name)}</th>"
        f"{cells}<td>{support:,}</td></tr>"
    )


def _six(share: float) -> str:
    return f"{share:.6f}"


def _csv(head: list[str], rows: Iterable[list]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
