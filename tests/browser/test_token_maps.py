"""The figure of tokens in a real browser: what it says is what NumPy computes."""

import numpy as np
import pytest

from explorer.components.token_maps.component import token_maps_payload
from tests.browser.stage import PIXELS, Stage
from vitcore.interpret.token_similarity import token_components, token_similarity

TOKENS = np.random.default_rng(3).normal(size=(4, 16, 6)) + 0.5


@pytest.fixture
def figure(page):
    stage = Stage(page, "token_maps")
    stage.show(
        token_maps_payload(PIXELS, (4, 4), token_similarity(TOKENS), *token_components(TOKENS))
    )
    return stage


def cosine(block, i, j):
    one, other = TOKENS[block, i], TOKENS[block, j]
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def written(value):
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize("block", [3, 1, 0])
def test_the_hovered_patch_is_compared_after_the_chosen_block(figure, block):
    slider = figure.page.locator(".slide input")
    for _ in range(3 - block):
        slider.press("ArrowLeft")
    figure.page.mouse.move(*figure.at("canvas.image", 2, 3, 4))
    figure.settle()
    others = [j for j in range(16) if j != 6]
    most = max(others, key=lambda j: cosine(block, 6, j))
    least = min(others, key=lambda j: cosine(block, 6, j))
    said = figure.read()
    assert said.startswith("(2, 3)")
    assert f"({most // 4 + 1}, {most % 4 + 1}), {written(cosine(block, 6, most))}." in said
    assert f"({least // 4 + 1}, {least % 4 + 1}), {written(cosine(block, 6, least))}." in said


def test_a_patch_of_the_map_is_compared_with_the_pinned_one(figure):
    figure.page.mouse.click(*figure.at("canvas.image", 2, 3, 4))
    figure.page.mouse.move(*figure.at("canvas.tile", 4, 1, 4))
    figure.settle()
    assert written(cosine(3, 6, 12)) in figure.read()


def test_an_end_of_the_scale_is_marked_where_values_lie_beyond_it(figure):
    ends = figure.page.locator(".legend .lo, .legend .hi")
    assert ends.all_inner_texts() == ["\N{MINUS SIGN}1", "1"]  # no cosine is beyond these
    figure.page.locator("[data-scale=own]").click()
    figure.settle()
    cosines = np.array([[cosine(3, i, j) for j in range(16)] for i in range(16)])
    off = cosines[~np.eye(16, dtype=bool)]
    reach = np.quantile(np.abs(off - off.mean()), 0.98)
    low, high = off.mean() - reach, off.mean() + reach
    assert cosines.min() < low
    assert cosines.max() > high
    at_most, at_least = "\N{LESS-THAN OR EQUAL TO}", "\N{GREATER-THAN OR EQUAL TO}"
    assert ends.all_inner_texts() == [f"{at_most} {written(low)}", f"{at_least} {written(high)}"]


def test_a_block_can_be_chosen_in_the_list(figure):
    figure.page.locator(".blocks button").nth(1).click()
    figure.settle()
    assert figure.page.locator(".slide input").input_value() == "1"
    pressed = figure.page.locator(".blocks [aria-pressed=true]")
    assert pressed.inner_text().strip() == "1"
