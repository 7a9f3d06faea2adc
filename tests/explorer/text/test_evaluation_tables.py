"""The tables of an evaluation, read back from HTML and CSV."""

import csv
import io
import re

import numpy as np
import pytest

from explorer.text import evaluation_tables as tables
from vitcore.report import per_class_metrics, report

NAMES = ("cat", "dog", "=deer")
MATRIX = np.array([[6, 4, 0], [1, 9, 0], [0, 0, 10]])


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_table_by_class_marks_best_and_worst_and_ends_in_the_means():
    page = tables.by_class(per_class_metrics(MATRIX), NAMES)
    rows = re.findall(r"<tr class=(\w+)><th scope=row>(.*?)</th>(.*?)</tr>", page)
    assert [(kind, name) for kind, name, _ in rows] == [
        ("worst", "cat"),
        ("class", "dog"),
        ("best", "=deer"),
        ("mean", "macro avg"),
        ("mean", "weighted avg"),
    ]
    assert re.findall(r"<td>(.*?)</td>", rows[0][2]) == ["86%", "60%", "71%", "10"]


def test_csv_by_class_has_full_numbers_and_both_means():
    head, *rows = read(tables.by_class_csv(per_class_metrics(MATRIX), NAMES))
    assert head == ["class", "precision", "recall", "f1", "support"]
    assert rows[0] == ["cat", "0.857143", "0.600000", "0.705882", "10"]
    assert [row[0] for row in rows[3:]] == ["macro avg", "weighted avg"]
    assert rows[3][4] == "30"


def test_csv_of_the_matrix_has_true_labels_in_its_rows():
    head, *rows = read(tables.confusion_csv(MATRIX, NAMES))
    assert head == ["true \\ predicted", *NAMES]
    assert rows[0] == ["cat", "6", "4", "0"]


def test_csv_of_the_predictions_has_a_row_per_image():
    logits = np.log([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).astype(np.float32)
    head, *rows = read(tables.predictions_csv(logits, np.array([0, 1]), NAMES))
    assert head == ["index", "true_label", "predicted_label", *NAMES]
    assert rows[0] == ["0", "cat", "cat", "0.700000", "0.200000", "0.100000"]
    assert rows[1][:3] == ["1", "dog", "=deer"]


def test_scores_come_with_their_confidence_interval():
    logits = np.eye(10)[np.arange(100) % 10] * 3
    labels = np.where(np.arange(100) < 50, np.arange(100) % 10, (np.arange(100) + 1) % 10)
    page = tables.scores(report(logits, labels))
    assert "<b>50%</b>" in page
    assert "95% CI 40–60%" in page


def test_each_accuracy_says_of_how_many_images_it_is():
    labels = np.arange(100) % 10
    logits = 3 * np.eye(10)[np.where(np.arange(100) < 93, labels, (labels + 1) % 10)]
    found = report(logits, labels)

    def accuracies(page):
        cells = re.findall(r"<span>(Accuracy[^<]*)</span><b>([^<]*)</b>", page)
        return [(int(re.sub(r"\D", "", name)), value) for name, value in cells]

    assert accuracies(tables.scores(found)) == [(100, "93%")]
    both = tables.scores(found, on_card=(0.9021, 10_000))
    assert accuracies(both) == [(100, "93%"), (10_000, "90.2%")]


@pytest.mark.parametrize(("done", "width"), [(500, "25.0%"), (2000, "0.0%")])
def test_the_bar_grows_and_is_gone_at_the_end(done, width):
    assert f'style="width:{width}"' in tables.progress(done, 2000, 1.0)
