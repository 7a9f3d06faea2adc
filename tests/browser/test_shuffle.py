"""Patch shuffling in a real browser: both images, and bars of the four predictions."""

import numpy as np
import pytest

from explorer.components.shuffle.component import shuffle_payload
from explorer.records import ShuffleResult
from explorer.results import Failure
from tests.browser.stage import PIXELS, Stage

NAMES = ("cat", "dog", "<b>")
EVEN = np.full(3, 1 / 3)
ANSWERS = ShuffleResult(np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.4, 0.5]), EVEN, EVEN)


@pytest.fixture
def figure(page):
    stage = Stage(page, "shuffle")
    stage.show(shuffle_payload(PIXELS, PIXELS[::-1], ANSWERS, names=NAMES, truth=1))
    return stage


def test_each_class_has_a_bar_of_each_image(figure):
    tables = figure.page.locator("ol")
    assert tables.nth(0).locator(".name").all_inner_texts() == list(NAMES)
    for table, rows in ((0, [(0.7, 0.1), (0.2, 0.4), (0.1, 0.5)]), (1, [(1 / 3, 1 / 3)] * 3)):
        bars = tables.nth(table).locator("i")
        track = tables.nth(table).locator(".two").first.bounding_box()["width"]
        widths = [bar.bounding_box()["width"] / track for bar in bars.all()]
        np.testing.assert_allclose(widths, np.ravel(rows), atol=0.01)


def test_the_top_of_both_and_the_truth_are_marked(figure):
    lines = figure.page.locator("ol").first.locator("li")
    assert [line.get_attribute("class") for line in lines.all()] == ["top", "truth", "top"]


def test_another_order_is_asked_for(figure):
    figure.page.locator(".again").click()
    assert figure.sent() == [["trigger", "again", True]]


def test_the_images_stand_alone_where_there_are_no_predictions(figure):
    why = Failure("Only one patch.", "Use a smaller patch size.")
    figure.show(shuffle_payload(PIXELS, PIXELS, why, names=NAMES, truth=1, moves=False))
    assert figure.page.locator("canvas").last.is_visible()
    assert not figure.page.locator(".answers").is_visible()
    assert why.message in figure.page.locator(".absent").inner_text()
    assert figure.page.locator(".again").is_disabled()
