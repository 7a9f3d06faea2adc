"""Evaluate, opened on answers that are all there, partly there, awaited or refused."""

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import client, navigation
from explorer.client import card_metrics
from explorer.data import cifar10_setup, images
from explorer.figures.patch_sizes import PatchSizeSeries
from explorer.records import Evaluation
from explorer.results import Failure, Pending, Ready
from vitcore.config import CLASS_NAMES
from vitcore.datasets import DataError

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "evaluate.py"
WAITING = Pending("Evaluating 500 images (P = 4)…", "Meanwhile.")
CAT, DOG = CLASS_NAMES.index("cat"), CLASS_NAMES.index("dog")


def answered(done, wanted=500):
    """Correct, but that every other cat is a dog; the most confident error is image 3."""
    labels = np.arange(done) % 10
    logits = 4 * np.eye(10, dtype=np.float32)[labels]
    cats = np.flatnonzero(labels == CAT)[::2]
    logits[cats] = np.eye(10)[DOG] * np.linspace(8, 4, len(cats))[:, None]
    pending = None if done == wanted else WAITING
    return Ready(Evaluation(logits=logits, wanted=wanted, seconds=2.0), pending)


@pytest.fixture
def open_page(monkeypatch, select, fake_forward):
    """Open the page on an answer, or a function from (model, source, count, P) to one."""
    fake_forward(WAITING)
    monkeypatch.setattr(client, "model_names", lambda: ["flexi"])
    monkeypatch.setattr(cifar10_setup, "cifar10", lambda: SimpleNamespace(ready=False))
    monkeypatch.setattr(card_metrics, "card_of", lambda name: {})
    line = {"patch_sizes": [4, 8], "accuracy": [0.8, 0.7], "operations": [4e8, 1e8]}
    model = PatchSizeSeries(name="flexi", tokens=[64, 16], **line)
    monkeypatch.setattr(card_metrics, "against_size", lambda names, chosen: [model])

    def open_page(answer):
        def evaluate(*asked):
            return answer(*asked) if callable(answer) else answer

        monkeypatch.setattr(client, "evaluate", evaluate)
        view = AppTest.from_file(VIEW, default_timeout=20)
        view.session_state["selection"] = select(8, name="flexi")
        view.run()
        assert not view.exception
        assert [title.value for title in view.title] == ["Evaluation"]
        return view

    return open_page


def texts(view):
    return " ".join(block.proto.body for block in view.get("html"))


def findings(view):
    """The line below the name of the page, and of each figure in order."""
    found = re.findall(r'class="finding" role="status">(.*?)&nbsp;</p>', texts(view))
    return [html.unescape(one) for one in found]


def galleries(view, unpack):
    """What both galleries were sent: the images of the cell, and the errors."""
    return [
        unpack(element.proto.bytes)[0]
        for element in view.get("bidi_component")
        if element.proto.component_name.endswith("gallery")
    ]


def test_each_figure_has_its_name_and_its_finding(open_page):
    view = open_page(answered(500))
    assert [heading.value for heading in view.subheader] == [
        "Confusion matrix",
        "Selected cell",
        "Classification report",
        "Calibration",
        "Most confident errors",
        "Accuracy vs. compute",
    ]
    page, matrix, cell, classes, calibration, errors, cost = findings(view)
    assert page == "Accuracy 95% (first 500 of 10,000 sketch10 test images, P = 8)"
    assert "cat → dog (50%" in matrix
    assert cell == "cat → dog: 25 of 50"
    assert "airplane and 7 more 100%" in classes
    assert "cat 67%" in classes
    assert "ECE 18%" in calibration
    assert errors == "cat → dog, 99.7%"
    assert cost == "Best: P = 4 (80.0%). P = 8 needs 4.0× fewer FLOPs (70.0%)."
    assert "500 images · 250 images/s" in texts(view)
    assert len(view.get("plotly_chart")) == 3


def test_images_of_the_cell_and_errors_come_by_confidence(open_page, unpack):
    cell, mistakes = galleries(open_page(answered(500)), unpack)
    assert cell["numbers"][:2] == mistakes["numbers"][:2] == [3, 23]
    assert cell["captions"][0] == ["dog 99.7%", "true: cat"]
    assert len(cell["numbers"]) == 12


def test_the_selected_image_is_ringed_and_leads_to_its_attention(open_page, unpack, monkeypatch):
    gone = []
    monkeypatch.setattr(navigation, "goto", gone.append)
    view = open_page(answered(500))
    assert galleries(view, unpack)[1]["chosen"] is None
    assert "evaluate_mistakes_attention" not in {button.key for button in view.button}
    for name, value in (("source", "sketch10"), ("class", "cat"), ("index", 2)):
        view.session_state[f"image_{name}"] = value
    view.run()
    assert galleries(view, unpack)[1]["chosen"] == 23
    view.button(key="evaluate_mistakes_attention").click().run()
    assert gone == ["attention"]


def test_while_it_runs_figures_show_what_is_there(open_page):
    view = open_page(answered(120))
    assert findings(view)[0] == "Accuracy 95% so far (120 of 500 sketch10 test images)"
    assert "120 / 500 images" in texts(view)
    assert "width:24.0%" in texts(view)
    assert len(view.get("plotly_chart")) == 3
    # What is redrawn by itself must not hold boxes that send their value back.
    assert "evaluate_true" not in {box.key for box in view.selectbox}


def test_before_the_first_prediction_its_finding_is_empty(open_page):
    empty = Ready(Evaluation(logits=np.zeros((0, 10)), wanted=500, seconds=0.0), WAITING)
    view = open_page(empty)
    assert findings(view)[0] == ""
    assert WAITING.message in texts(view)
    assert len(view.get("plotly_chart")) == 1  # what the cards say is there at once


def test_a_problem_is_said_in_place(open_page):
    view = open_page(Failure("The model's process ended.", "Choose a larger patch size."))
    assert "The model&#x27;s process ended." in texts(view)
    assert len(view.get("plotly_chart")) == 1


def test_what_is_asked_is_what_was_chosen(open_page):
    asked = []

    def answer(selection, *wish):
        asked.append((selection.model_name, selection.patch_size, *wish))
        return answered(wish[1], wanted=wish[1])

    view = open_page(answer)
    assert asked[-1] == ("flexi", 8, "sketch10", 500)
    view.session_state["evaluate_count"] = 2000
    view.run()
    assert asked[-1] == ("flexi", 8, "sketch10", 2000)


def test_cifar10_that_is_missing_is_named_with_what_to_do(open_page, monkeypatch):
    def labels(source):
        if source == "cifar10":
            raise DataError("CIFAR-10 not found.")
        return np.arange(10_000) % 10

    monkeypatch.setattr(images, "labels", labels)
    view = open_page(answered(500))
    view.selectbox(key="evaluate_data").set_value("cifar10").run()
    assert not view.exception
    assert findings(view)[0] == ""
    assert "CIFAR-10 not found." in texts(view)
    assert "Use sketch10" in texts(view)


def test_cifar10_is_the_default_where_it_is_and_the_model_was_trained_on_it(open_page, monkeypatch):
    monkeypatch.setattr(cifar10_setup, "cifar10", lambda: SimpleNamespace(ready=True))
    monkeypatch.setattr(images, "labels", lambda _: np.arange(10_000) % 10)
    monkeypatch.setattr(images, "at_positions", lambda _, at: np.zeros((len(at), 32, 32, 3), "u1"))
    assert open_page(answered(500)).selectbox(key="evaluate_data").value == "cifar10"
    monkeypatch.setattr(card_metrics, "card_of", lambda _: {"train": {"data": "sketch10"}})
    assert open_page(answered(500)).selectbox(key="evaluate_data").value == "sketch10"


def test_every_chart_can_be_saved_as_png(open_page):
    for chart in open_page(answered(500)).get("plotly_chart"):
        assert json.loads(chart.proto.config)["modeBarButtons"] == [["toImage"]]
