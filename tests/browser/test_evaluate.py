"""Evaluating in the page: it counts, a cell shows its pictures, a picture is chosen."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

COUNTED = re.compile(r"^500 pictures ·")


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


def test_a_cell_of_the_matrix_shows_its_pictures(evaluated):
    clicks_cell(evaluated, 8, 8)
    evaluated.sees(re.compile(r"\d+ of 50 ships are recognised"))
    assert evaluated.chosen("evaluate_true") == evaluated.chosen("evaluate_answered") == "ship"
    evaluated.chooses("evaluate_true", "truck")
    evaluated.sees(re.compile(r"\d+ of 50 trucks are answered ship"))


def test_a_mistake_becomes_the_chosen_picture(evaluated):
    first = evaluated.widget("evaluate_mistakes").get_by_role("button").first
    true = first.get_attribute("aria-label").split(",")[0]
    assert evaluated.inks(first.locator("canvas")) > 20
    first.click()
    if true != "frog":  # the default, which the address leaves out
        evaluated.eventually(lambda: evaluated.query().get("picture_class") == true)
    assert evaluated.chosen("picture_class") == true
    evaluated.goes_to("Overview")
    assert evaluated.chosen("picture_class") == true


def test_the_table_is_saved_as_csv(evaluated):
    with evaluated.page.expect_download() as download:
        evaluated.presses("evaluate_table_csv")
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["class", "precision", "recall", "f1", "support"]
    assert sum(int(row[4]) for row in rows[1:11]) == 500


def test_counting_goes_on_where_it_was_left_and_other_pages_stay_free(person):
    person.opens("Evaluate", patch_size=4)
    person.chooses("evaluate_count", "2,000")
    person.sees(re.compile(r"^[\d,]+ of 2,000 pictures$"), seconds=120)
    person.goes_to("Overview")
    person.waits_for_answer()
    person.goes_to("Evaluate")
    person.sees(re.compile(r"^2,000 pictures ·"), seconds=120)
    expect(person.page.locator("h1")).to_contain_text("of 2,000 sketches no training has seen")
