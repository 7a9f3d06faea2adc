"""Attribution maps and per-patch predictions in a real browser, each on an empty page."""

import numpy as np
import pytest

from explorer.components.attribution_tiles.component import Faithfulness, Group, Tile, tiles_payload
from explorer.components.patch_predictions.component import answers_payload
from tests.browser.stage import PIXELS, Stage

VALUES = np.array([[0.1, 0.4], [0.2, 0.3]])
LINE = np.array([0.8, 0.6, 0.4, 0.2, 0.0])


def groups(*, tested=True, **rest):
    curves = Faithfulness(
        deletion=LINE,
        insertion=LINE[::-1],
        areas=(0.4, 0.41),
        chance=(LINE / 2, LINE / 2),
        chance_areas=(0.2, 0.2),
    )
    tile = Tile(
        name="Relevance",
        said="relevance for cat",
        note="0.10 to 0.40",
        values=VALUES,
        label="cat",
        tested=curves if tested else None,
    )
    return [Group(name="Evidence for cat", tiles=(tile, tile), **rest)]


def payload(*, tested=True, group=None, **rest):
    return tiles_payload(
        PIXELS,
        groups(tested=tested, **(group or {})),
        shares=np.linspace(0, 1, 5),
        tests=("Deletion is small.", "Insertion is large."),
        **rest,
    )


@pytest.fixture
def maps(page):
    return Stage(page, "attribution_tiles")


def move_to(stage, selector, across, down, number=0):
    box = stage.page.locator(selector).nth(number).bounding_box()
    stage.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    stage.settle()


def test_a_patch_is_read_in_every_map(maps):
    maps.show(payload())
    assert maps.read() == ""
    move_to(maps, "canvas.map", 0.75, 0.25)
    assert maps.read().startswith("(1, 2) relevance for cat 0.40 (rank 1)")


def test_along_a_curve_the_image_is_the_one_that_was_shown(maps):
    maps.show(payload())
    move_to(maps, "canvas.curve", 0.5, 0.5)
    assert maps.read() == ("Relevance, deletion. 2 of 4 patches masked: cat 40% (random order 20%)")
    colours = maps.page.locator("canvas.map").first.evaluate(
        """(canvas) => [[.75, .25], [.75, .75], [.25, .25]].map(([x, y]) => [...canvas
        .getContext('2d').getImageData(x * canvas.width, y * canvas.height, 1, 1).data].join())"""
    )
    erased = "125,123,114,255"
    assert colours[:2] == [erased, erased]  # 0.4 and 0.3 went first
    assert colours[2] != erased


def test_maps_wait_for_their_curves_without_moving(maps):
    maps.show(payload(tested=False))
    box = maps.page.locator(".groups").bounding_box()
    assert maps.page.locator(".area").first.inner_text() == "computing…"
    maps.show(payload())
    assert maps.page.locator(".groups").bounding_box() == box
    assert maps.page.locator(".area").first.inner_text() == "AUC 0.40 (random 0.20)"


def test_a_class_too_unlikely_to_test_says_so_in_the_curves_place(maps):
    maps.show(payload())
    box = maps.page.locator(".groups").bounding_box()
    maps.show(payload(group={"untested": "Not tested."}))
    assert maps.page.locator(".groups").bounding_box() == box
    assert maps.page.locator(".untested").inner_text() == "Not tested."
    assert not maps.page.locator("canvas.curve").first.is_visible()


def test_a_map_that_is_computed_says_how_far_it_is_without_moving(maps):
    maps.show(payload())
    box = maps.page.locator(".groups").bounding_box()
    late = Tile(name="Occlusion", said="occlusion", note="", values=None)
    known = groups()[0].tiles[0]
    shown = [Group(name="Evidence for cat", tiles=(known, late))]
    how = {"shares": np.linspace(0, 1, 5), "progress": ("Occlusion.", 0.4)}
    maps.show(tiles_payload(PIXELS, shown, tests=("Deletion.", "Insertion."), **how))
    assert maps.page.locator(".groups").bounding_box() == box
    assert maps.page.locator(".progress").inner_text() == "Occlusion. 40%"
    move_to(maps, "canvas.map", 0.75, 0.25)
    assert maps.read() == "(1, 2) relevance for cat 0.40 (rank 1)"


def test_maps_before_are_dimmed_until_their_successors_are_there(maps):
    maps.show(payload(awaited="Working."))
    assert maps.page.locator("section.awaited").count() == 1
    assert maps.read() == "Working."


def test_maps_are_a_file_of_their_own(maps):
    maps.show(payload(file="cat.png"))
    with maps.page.expect_download() as download:
        maps.page.locator(".save-png").click()
    assert download.value.suggested_filename == "cat.png"


def test_a_block_is_shown_large_while_it_is_pointed_at(page):
    shares = np.full((3, 4, 3), 0.1, np.float32)
    shares[0, :, 0], shares[1, :, 1], shares[2, :, 2] = 0.8, 0.8, 0.8
    answers = Stage(page, "patch_predictions")
    names = ("cat", "dog", "ship")
    answers.show(answers_payload(PIXELS, shares, (2, 2), names=names, coloured=(2, 0)))
    assert answers.read().startswith("After block 2")
    legend = page.locator(".legend")
    assert legend.inner_text().split("\n") == ["ship: 4 of 4", "cat: 0 of 4", "other: 0"]
    move_to(answers, ".blocks button", 0.5, 0.3, number=1)
    assert answers.read().startswith("After block 1")
    assert legend.inner_text().endswith("other: 4")
    move_to(answers, "canvas.large", 0.25, 0.75)
    assert answers.read() == "(2, 1) after block 2: ship 80%, cat 10%, dog 10%"
