"""The lens alone in a real browser: pointing, pinning, and every share that it reads out."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.components import pack
from explorer.components.attention_lens.component import LensState, Link
from explorer.components.attention_lens.payload import Shown, output_payload
from tests.browser.lens_stage import SHARE, lens_payload, looking, point, unchanged
from tests.browser.stage import PIXELS, Stage

POINTS = 0.2  # what may lie between a share read out and the model's own, percentage points


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (pack("thumbnails", {}), '"thumbnails", format 1'),
        (lens_payload()[:-9], '"codes" is truncated'),
        (
            pack("attention_lens", {"state": "problem", "size": [2, 2]}, rgb=PIXELS),
            '"rgb" has 3072 values',
        ),
        (b"\xff\xff\xff\x7f{}" + bytes(16), "header truncated"),
    ],
)
def test_a_payload_that_does_not_fit_is_a_sentence(lens, payload, words):
    lens.show(payload)
    said = lens.page.get_by_role("alert")
    assert words in said.inner_text()
    assert "Reload the page" in said.inner_text()
    lens.show(lens_payload())
    assert said.count() == 0


def test_pointing_shows_where_a_patch_looks(lens):
    lens.show(lens_payload())
    lens.page.mouse.move(*lens.at("canvas.image", 1, 2, 4))
    lens.settle()
    assert lens.read().startswith(
        "Query (1, 2). Strongest key: (1, 3), 100%. Mean distance: 8.0 px."
    )
    assert lens.sent() == []


def test_a_click_pins_and_escape_lets_go(lens):
    lens.show(lens_payload())
    lens.page.mouse.click(*lens.at("canvas.image", 2, 3, 4))
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert "Query (2, 3), pinned." in lens.read()
    assert lens.pinned() == [6, 4, 4]
    lens.page.locator("canvas.image").press("Escape")
    lens.settle()
    assert "pinned" not in lens.read()
    assert lens.pinned() is None


@pytest.mark.parametrize("by", [-0.6, -0.4, 0, 0.4, 0.6])
def test_a_click_beside_a_grid_line_pins_the_patch_that_is_highlighted(lens, by):
    lens.show(lens_payload())
    box = lens.page.locator("canvas.image").bounding_box()
    middle = box["x"] + box["width"] / 2 + by, box["y"] + box["height"] / 2 + by
    lens.page.mouse.move(*middle)
    lens.settle()
    highlighted = lens.page.locator(".wrap").get_attribute("data-shown")
    lens.page.mouse.click(*middle)
    lens.settle()
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == highlighted
    assert "pinned" in lens.read()


def test_a_pin_stays_at_its_place_when_the_patch_size_moves(lens):
    lens.show(lens_payload(4))
    lens.page.mouse.click(*lens.at("canvas.image", 4, 1, 4))
    lens.page.mouse.move(1, 1)
    lens.show(lens_payload(2))
    assert "Query (2, 1), pinned." in lens.read()
    lens.show(lens_payload(8))
    assert "Query (8, 2), pinned." in lens.read()


def test_keys_move_over_patches_and_choose_maps(lens):
    lens.show(lens_payload())
    image, heads = lens.page.locator("canvas.image"), lens.page.locator("canvas.heads")
    image.press("Home")
    image.press("ArrowDown")
    image.press("Enter")
    heads.press("ArrowRight")
    heads.press("ArrowDown")
    lens.settle()
    assert "Query (2, 1), pinned." in lens.read()
    assert lens.page.locator(".which").inner_text() == "Block 2, head 2"


def test_who_looks_at_a_patch_can_be_asked(lens):
    lens.show(lens_payload())
    lens.page.get_by_role("button", name="Key ← queries").click()
    lens.settle()
    assert "Strongest query: (2, 1), 100%." in lens.read()
    assert "Receives 1.00× uniform" in lens.read()


def test_the_class_token_can_look(lens):
    lens.show(lens_payload(names=("class",)))
    lens.page.get_by_role("button", name="[class]").click()
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert lens.read().startswith("Query [class], pinned. Strongest key:")
    assert lens.pinned() == [-1, 4, 4]
    lens.show(lens_payload())  # a model without prefix tokens has nothing pinned
    assert "pinned" not in lens.read()


def test_one_token_and_144_heads_are_drawn(lens):
    lens.show(lens_payload(1))
    assert "Strongest key: itself" in lens.read()
    assert "one token" in lens.page.locator(".legend .hi").inner_text()
    lens.show(lens_payload(16, blocks=12, heads=12))
    assert lens.page.locator(".wrap").get_attribute("data-state") == "reading"


@pytest.mark.parametrize(
    ("grid", "prefix", "direction"),
    [
        ((2, 3), 0, "Query → keys"),
        ((14, 14), 1, "Key ← queries"),
        ((1, 1), 3, "Key ← queries"),
    ],
)
def test_every_share_read_out_is_the_model_s_own(lens, grid, prefix, direction):
    answer = looking(grid, prefix=prefix)
    names = ("class", "register 1", "register 2")[:prefix]
    shown = Shown(names=names, place=(0, 1, 0))
    lens.show(output_payload(answer, name="a", shown=shown))
    lens.page.get_by_role("button", name=direction, exact=True).click()
    count = grid[0] * grid[1]
    rng = np.random.default_rng(0)
    for _ in range(12):
        block, head, pinned, other = (int(rng.integers(n)) for n in (2, 2, count, count))
        said = lens.page.evaluate(
            """([block, head, pinned, other]) => {
                globalThis.__vitExplorerLens.head = [block, head];
                Object.assign(instance(), { pinned, hover: other });
                instance().draw();
                return [...document.querySelectorAll('.read b')].map((b) => b.textContent);
            }""",
            [block, head, pinned, other],
        )
        pair = (pinned, other) if direction == "Query → keys" else (other, pinned)
        source, target = (prefix + token for token in pair)
        own = 100 * float(answer.attention[block, head, source, target])
        assert point(said[-1]) == pytest.approx(own, abs=POINTS)


def test_what_is_added_up_is_exact_too(lens):
    answer = looking((8, 8), prefix=1, sharpness=1.0)
    lens.show(output_payload(answer, name="a", shown=Shown(names=("class",), place=(1, 0, 19))))
    row = answer.attention[1, 0, 20]
    patches = row[1:].reshape(8, 8)
    wanted = (
        patches[2, 3],
        patches[1:4, 2:5].sum() - patches[2, 3],
        patches[2].sum() - patches[2, 3],
        patches[:, 3].sum() - patches[2, 3],
        row[0],
    )
    own, mean = re.search(r"Attention: (.*?)\(.*Mean over queries: (.*)\.", lens.read()).groups()
    said = [point(f"{text}%") for text in SHARE.findall(own)]
    np.testing.assert_allclose(said, 100 * np.array(wanted), atol=POINTS)
    everywhere = answer.attention[1, 0, 1:, 1:]
    y, x = np.divmod(np.arange(64), 8)
    reach = np.maximum(abs(y[:, None] - y), abs(x[:, None] - x))
    neighbors = everywhere[reach == 1].sum() / 64
    said = [point(f"{text}%") for text in SHARE.findall(mean)]
    np.testing.assert_allclose(
        said[:2], 100 * np.array([np.trace(everywhere) / 64, neighbors]), atol=POINTS
    )


def test_while_a_patch_is_pinned_the_pointer_asks_what_it_gives_to_another(lens):
    lens.show(lens_payload())
    lens.page.mouse.click(*lens.at("canvas.image", 2, 3, 4))
    lens.page.mouse.move(*lens.at("canvas.image", 2, 4, 4))
    lens.settle()
    said = lens.read()
    assert "Query (2, 3), pinned." in said
    assert "(2, 3) → (2, 4): 100%." in said


def test_the_scale_can_be_common_and_the_legend_says_which(lens):
    lens.show(lens_payload())
    heads = lens.page.locator("canvas.heads")
    heads.press("ArrowDown")
    lens.settle()
    legend = lens.page.locator(".legend .hi")
    assert legend.inner_text() == "max. 6.3%"
    lens.page.get_by_role("button", name="shared").click()
    lens.settle()
    assert legend.inner_text() == "max. 100%"


def test_of_one_patch_all_maps_have_one_scale_and_the_choice_is_kept_for_more_patches(lens):
    answer = looking((1, 1), prefix=2)
    names = ("register 1", "register 2")
    lens.show(output_payload(answer, name="one", shown=Shown(place=(0, 0, 0), names=names)))
    own = lens.page.locator("[data-scale=each]")
    assert lens.page.locator("[data-scale=common]").get_attribute("aria-pressed") == "true"
    assert own.is_disabled()
    why = own.get_attribute("title")
    assert "One patch" in why
    assert lens.page.locator(".hint").inner_text().startswith(why)
    lens.show(lens_payload())
    lens.settle()
    assert "patch" not in own.get_attribute("title")
    assert why not in lens.page.locator(".hint").inner_text()
    assert own.get_attribute("aria-pressed") == "true"
    assert own.is_enabled()


def test_the_same_numbers_are_a_table_once_it_is_opened(lens):
    answer = looking((3, 4), blocks=2, heads=3)
    lens.show(output_payload(answer, name="a", shown=Shown(place=(1, 2, 5))))
    assert lens.page.locator("table").count() == 0
    lens.page.get_by_role("button", name="Table").click()
    first, second = lens.page.locator("table").nth(0), lens.page.locator("table").nth(1)
    expect(first.locator("td")).to_have_count(12)
    assert first.locator("caption").inner_text() == ("Block 2, head 3: attention of query (2, 2)")
    said = [point(cell) for cell in first.locator("td").all_inner_texts()]
    np.testing.assert_allclose(said, 100 * answer.attention[1, 2, 5], atol=POINTS)
    assert second.locator("tr").count() == 3
    lens.page.locator("canvas.heads").press("ArrowUp")
    expect(first.locator("caption")).to_contain_text("Block 2, head 2")


def test_a_finger_pins_too(browser):
    page = browser.new_page(viewport={"width": 420, "height": 900}, has_touch=True)
    lens = Stage(page, "attention_lens")
    page.locator("#root").evaluate("root => { root.style.width = '388px'; }")
    lens.show(unchanged())
    page.touchscreen.tap(*lens.at("canvas.image", 2, 3, 4))
    lens.settle()
    assert "Query (2, 3), pinned." in lens.read()
    assert lens.pinned() == [6, 4, 4]
    page.close()


def test_a_link_sets_how_maps_are_shown_and_what_is_chosen_then_is_told(page):
    lens = Stage(page, "attention_lens")
    state = LensState(looked_at=True, common=True, head=(1, 2))
    lens.show(unchanged(link=Link(mark="first", state=state)))
    pressed = lens.page.locator("[data-direction=to], [data-scale=common]")
    assert [one.get_attribute("aria-pressed") for one in pressed.all()] == ["true", "true"]
    assert lens.page.locator(".which").inner_text() == "Block 2, head 3"
    assert lens.sent() == []
    lens.page.get_by_role("button", name="Query → keys", exact=True).click()
    lens.page.wait_for_function("() => sent.length === 1")
    told = {"direction": "from", "scale": "common", "head": [1, 2]}
    assert lens.sent() == [["state", "view", told]]


def test_a_head_chosen_beside_the_lens_is_shown_once(lens):
    which = lens.page.locator(".which")
    lens.show(unchanged(look=("first", 3, 2)))
    assert which.inner_text() == "Block 4, head 3"
    lens.page.locator("canvas.heads").press("ArrowLeft")
    lens.show(unchanged(look=("first", 3, 2), names=()))
    assert which.inner_text() == "Block 3, head 3"
    lens.show(unchanged(look=("second", 9, 9)))  # the model has no such head
    assert which.inner_text() == "Block 1, head 1"
