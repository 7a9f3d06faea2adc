"""Evaluating in the page: progress, images of a cell, an image that is selected."""

import csv
import re
from pathlib import Path

import pytest

COUNTED = re.compile(r"^500 images ·")
DONE = re.compile(r"^([\d,]+) (/ 2,000 images$|images ·)")


@pytest.fixture
def evaluated(person):
    """Somebody before an evaluation of 500 sketches that is complete."""
    person.opens("Evaluate", patch_size=16)
    person.sees(COUNTED, seconds=120)
    person.settles()
    return person


def clicks_cell(person, row, column):
    chart = person.widget("evaluate_confusion")
    plot = chart.locator(".nsewdrag").first
    plot.scroll_into_view_if_needed()
    size = plot.bounding_box()
    place = {"x": size["width"] * (column + 0.5) / 10, "y": size["height"] * (row + 0.5) / 10}
    plot.hover(position=place)  # Plotly knows what is clicked once it has been pointed at
    chart.locator(".hovertext").first.wait_for()
    plot.click(position=place)


def done(person):
    person.sees(DONE)
    return int(DONE.match(person.page.get_by_text(DONE).first.inner_text())[1].replace(",", ""))


def test_a_cell_of_the_matrix_shows_its_images(evaluated):
    clicks_cell(evaluated, 8, 8)
    evaluated.sees(re.compile(r"ship, correct: \d+ of 50"))
    assert evaluated.chosen("evaluate_true") == evaluated.chosen("evaluate_answered") == "ship"
    evaluated.chooses("evaluate_true", "truck")
    evaluated.sees(re.compile(r"truck → ship: \d+ of 50"))
    evaluated.eventually(lambda: evaluated.query().get("cell") == "truck-ship")


def test_an_error_is_selected_and_viewed_in_attention(evaluated):
    first = evaluated.widget("evaluate_mistakes").get_by_role("button").first
    true = re.match(r"True label (\w+),", first.get_attribute("aria-label"))[1]
    assert evaluated.inks(first.locator("canvas")) > 20
    first.click()
    if true != "frog":  # the default, which the address leaves out
        evaluated.eventually(lambda: evaluated.query().get("image_class") == true)
    assert evaluated.chosen("image_class") == true
    evaluated.presses("evaluate_mistakes_attention")
    evaluated.page.wait_for_url(re.compile("/attention"))
    assert evaluated.chosen("image_class") == true


def test_the_table_is_saved_as_csv(evaluated):
    with evaluated.page.expect_download() as download:
        evaluated.presses("evaluate_table_csv")
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["class", "precision", "recall", "f1", "support"]
    assert sum(int(row[4]) for row in rows[1:11]) == 500


def test_an_evaluation_resumes_where_it_was_left_and_other_pages_stay_free(person):
    person.opens("Evaluate", patch_size=8)
    person.waits_for_answer(seconds=240)  # of the model's process, which may have to start
    person.chooses("evaluate_count", "2,000")
    person.sees(re.compile(r"^[\d,]+ / 2,000 images$"), seconds=120)
    before = done(person)
    person.goes_to("Overview")
    person.waits_for_answer()
    person.goes_to("Evaluate")
    assert done(person) >= before
    person.sees(re.compile(r"^2,000 images ·"), seconds=120)
    person.sees(re.compile(r"^Accuracy >?[\d.]+% \(first 2,000 of 10,000 sketch10 test images"))
