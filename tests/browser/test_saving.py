"""The PNG of a figure: what the screen shows, three pixels for one, in the colors of paper."""

import io

import numpy as np
import pytest
from PIL import Image

from explorer.components.token_maps.component import token_maps_payload
from tests.browser.stage import PIXELS, Stage
from vitcore.interpret.token_similarity import token_components, token_similarity

TOKENS = np.random.default_rng(3).normal(size=(4, 16, 6))
DARK = "#root { --st-background-color: #12171a; --st-text-color: #e3e8ea; background: #12171a; }"
DENSITY, MARGIN = 3, 12


@pytest.fixture
def figure(page):
    stage = Stage(page, "token_maps")
    page.add_style_tag(content=DARK)
    stage.show(
        token_maps_payload(PIXELS, (4, 4), token_similarity(TOKENS), *token_components(TOKENS))
    )
    stage.settle()
    return stage


def download(figure):
    with figure.page.expect_download() as found:
        figure.page.locator(".save-png").click()
    return found.value


def saved(figure):
    return np.asarray(Image.open(download(figure).path()).convert("RGB")).astype(int)


def seen(figure):
    figure.page.mouse.move(0, 700)
    figure.settle()
    shot = figure.page.locator(".wrap").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def test_a_figure_is_saved_in_the_light_theme_at_three_times_its_size(figure):
    box = figure.page.locator(".wrap").bounding_box()
    image = saved(figure)
    size = DENSITY * (np.array([box["height"], box["width"]]) + 2 * MARGIN)
    assert np.abs(image.shape[:2] - size).max() < 4 * DENSITY
    assert (image[:6] == 255).all()
    assert (image[-6:] == 255).all()  # nothing is cut
    text = np.array([0x1D, 0x23, 0x27])  # of the light theme
    assert (np.abs(image - text).max(axis=-1) < 8).sum() > 500


def test_the_saved_image_has_the_colors_of_the_patches(figure):
    box = figure.page.locator(".wrap").bounding_box()
    canvas = figure.page.locator("canvas.image").bounding_box()
    image, side = saved(figure), len(PIXELS)
    for row, column in ((2, 3), (9, 20), (26, 13)):
        x = canvas["x"] - box["x"] + MARGIN + (column + 0.5) * canvas["width"] / side
        y = canvas["y"] - box["y"] + MARGIN + (row + 0.5) * canvas["height"] / side
        given = PIXELS[row, column].astype(int)
        assert np.abs(image[int(DENSITY * y), int(DENSITY * x)] - given).max() < 6


def test_a_figure_is_named_by_the_heading_above_it(figure):
    bare = saved(figure)
    figure.page.evaluate(
        """() => { for (const text of ['Above', 'Similarity of x and y', 'Hidden', 'Below']) {
            const heading = Object.assign(document.createElement('h2'), { textContent: text });
            heading.hidden = text === 'Hidden';
            document.querySelector('#root')[text === 'Below' ? 'after' : 'before'](heading);
        } }"""
    )
    found = download(figure)
    assert found.suggested_filename == "similarity-of-x-and-y.png"
    image = np.asarray(Image.open(found.path()).convert("RGB")).astype(int)
    title = len(image) - len(bare)
    assert title > 20 * DENSITY
    top = image[: title + MARGIN * DENSITY]
    assert (top.max(axis=-1) < 100).sum() > 500  # it is written above the figure
    assert np.abs(image[title + MARGIN * DENSITY :] - bare[MARGIN * DENSITY :]).max() <= 1


def test_what_can_be_pressed_is_not_saved(figure):
    box = figure.page.locator(".wrap").bounding_box()
    slider = figure.page.locator("input[type=range]").bounding_box()
    image = saved(figure)
    x, y, right, bottom = (
        int(DENSITY * (MARGIN + one))
        for one in (
            slider["x"] - box["x"] + slider["width"] / 2,  # what is beside it moves to its start
            slider["y"] - box["y"],
            slider["x"] - box["x"] + slider["width"],
            slider["y"] - box["y"] + slider["height"],
        )
    )
    assert (image[y:bottom, x:right] == 255).all()


def test_the_screen_is_as_it_was(figure):
    before = seen(figure)
    saved(figure)
    assert np.array_equal(seen(figure), before)
    assert figure.page.locator(".wrap").get_attribute("style") is None
