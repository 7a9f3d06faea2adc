"""The attention view alone in a real browser: ablated heads, masked and moved patches."""

import numpy as np
import pytest

from explorer.components.attention_lens.payload import Shown, placeholder_payload
from explorer.results import Pending
from explorer.url_values import shuffled
from tests.browser.lens_stage import (
    badge,
    changed,
    last,
    lens_payload,
    press_switch,
    switch_at,
    unchanged,
)
from tests.browser.stage import PIXELS, Stage, selection
from vitcore.intervention import Intervention


def test_a_head_is_ablated_at_its_corner_and_restored(lens):
    lens.show(unchanged())
    press_switch(lens, 2, 1)
    assert last(lens) == {"of": "it", "heads": [[2, 1]], "patches": [], "positions": True}
    assert badge(lens) == "1 head ablated (L3H2)"
    press_switch(lens, 2, 1)
    assert last(lens)["heads"] == []
    assert badge(lens) == ""
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert lens.page.locator(".which").inner_text() == "Block 1, head 1"  # nothing was chosen


def test_a_finger_enlarges_a_map_before_it_can_ablate_the_head(browser):
    page = browser.new_page(viewport={"width": 420, "height": 1600}, has_touch=True)
    lens = Stage(page, "attention_lens")
    page.locator("#root").evaluate("root => { root.style.width = '388px'; }")
    lens.show(unchanged())
    page.touchscreen.tap(*switch_at(lens, 2, 1))  # a switch would hide a quarter of a small map
    lens.settle()
    assert page.locator(".which").inner_text() == "Block 3, head 2"
    assert badge(lens) == ""
    page.touchscreen.tap(*switch_at(lens, 2, 1))
    lens.settle()
    assert last(lens)["heads"] == [[2, 1]]
    page.touchscreen.tap(*switch_at(lens, 0, 0))
    page.touchscreen.tap(*switch_at(lens, 2, 1))  # a head that is off keeps its switch
    lens.settle()
    assert last(lens)["heads"] == []
    page.close()


def test_a_block_is_ablated_beside_its_number(lens):
    lens.show(unchanged())
    press_switch(lens, 4, 2)
    press_switch(lens, 1, -1)
    assert last(lens)["heads"] == [[1, 0], [1, 1], [1, 2], [4, 2]]
    assert badge(lens) == "4 heads ablated (L2, L5H3)"
    press_switch(lens, 1, -1)
    assert last(lens)["heads"] == [[4, 2]]


def test_keys_ablate_heads_and_blocks(lens):
    lens.show(unchanged())
    heads = lens.page.locator("canvas.heads")
    heads.press("ArrowRight")
    heads.press("Enter")
    assert last(lens)["heads"] == [[1, 0]]
    heads.press("Shift+Enter")
    assert last(lens)["heads"] == [[1, 0], [1, 1], [1, 2]]


def test_buttons_ablate_the_chosen_head_and_its_block(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="Interventions").click()
    lens.page.get_by_role("button", name="Ablate L1H1").click()
    assert last(lens)["heads"] == [[0, 0]]
    lens.page.get_by_role("button", name="Restore L1H1").click()
    lens.page.get_by_role("button", name="Ablate block 1").click()
    assert last(lens)["heads"] == [[0, 0], [0, 1], [0, 2]]
    lens.page.get_by_role("button", name="Restore block 1").click()
    assert last(lens)["heads"] == []


def test_interventions_open_at_their_button_and_close_on_escape_and_outside(lens):
    lens.show(unchanged())
    lens.page.mouse.click(*lens.at("canvas.image", 2, 3, 4))
    button, menu = (
        lens.page.get_by_role("button", name="Interventions"),
        lens.page.locator(".extra"),
    )
    button.click()
    below, opened = button.bounding_box(), menu.bounding_box()
    assert 0 <= opened["y"] - (below["y"] + below["height"]) <= 16
    assert opened["x"] <= below["x"]
    assert opened["x"] + opened["width"] == pytest.approx(below["x"] + below["width"], abs=1)
    lens.page.keyboard.press("Escape")
    assert menu.is_hidden()
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == "6"  # the pin is not cleared
    button.click()
    lens.page.mouse.click(*lens.at("canvas.image", 1, 1, 4))
    assert menu.is_hidden()


def test_the_prediction_stands_beside_the_baseline(lens):
    lens.show(unchanged())
    assert lens.page.locator(".verdict").inner_text() == "Prediction: frog 82%"
    assert lens.page.locator(".key").is_hidden()
    lens.show(changed(Intervention(ablated_heads=((0, 0), (3, 1)))))
    assert lens.page.locator(".verdict").inner_text() == "Prediction: frog 82% → cat 52%"
    assert lens.page.locator(".key").is_visible()
    cat = lens.page.locator(".bars li").nth(3)
    assert cat.locator(".val").inner_text() == "2.0% → 52%"
    assert cat.locator(".was").get_attribute("style") == "left: 2%;"
    assert cat.locator(".fill").get_attribute("style") == "width: 52%;"
    assert lens.page.locator(".note").inner_text().endswith("cat +50.0 pp")
    assert badge(lens) == "2 heads ablated (L1H1, L4H2)"


def test_one_click_resets_everything(lens):
    changes = Intervention(
        ablated_heads=((0, 0),), patches={1: None, 2: 3, 3: 2}, use_pos_embed=False
    )
    lens.show(changed(changes))
    assert (
        badge(lens) == "1 head ablated · 1 patch masked · 2 patches moved · no position embeddings"
    )
    lens.page.get_by_role("button", name="Reset").click()
    assert last(lens) == {"of": "it", "heads": [], "patches": [], "positions": True}
    lens.settle()
    assert badge(lens) == ""
    assert lens.page.get_by_role("button", name="Reset").count() == 0


def test_all_heads_ablated_is_explained(lens):
    every = tuple((block, head) for block in range(6) for head in range(3))
    lens.show(changed(Intervention(ablated_heads=every)))
    assert lens.page.locator(".note").inner_text().startswith("All heads ablated:")
    assert badge(lens) == "all heads ablated"


def test_an_answer_to_an_older_click_takes_nothing_back(lens):
    lens.show(unchanged())
    press_switch(lens, 0, 0)
    press_switch(lens, 1, 1)
    first = Intervention(ablated_heads=((0, 0),))
    lens.show(changed(first))
    assert badge(lens) == "2 heads ablated (L1H1, L2H2)"
    assert lens.page.locator(".pending").count() == 1
    lens.show(changed(Intervention(ablated_heads=((0, 0), (1, 1)))))
    assert lens.page.locator(".pending").count() == 0


def test_changes_made_by_others_are_taken_though_something_was_asked_for(lens):
    lens.show(unchanged())
    press_switch(lens, 0, 0)
    lens.show(changed(Intervention(ablated_heads=((2, 2),)), adopt="a link"))
    assert badge(lens) == "1 head ablated (L3H3)"
    assert lens.page.locator(".pending").count() == 0


def test_changes_of_another_image_are_taken_from_python(lens):
    lens.show(unchanged())
    press_switch(lens, 0, 0)
    lens.show(unchanged(of="another"))
    assert badge(lens) == ""
    assert lens.page.locator(".pending").count() == 0


def test_changes_outlive_a_page_that_is_left(lens):
    lens.show(changed(Intervention(ablated_heads=((5, 2),))))
    assert badge(lens) == "1 head ablated (L6H3)"
    assert lens.sent() == []


# Poking the image.


def test_a_click_masks_a_patch_and_another_restores_it(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="Mask").click()
    lens.page.mouse.click(*lens.at("canvas.image", 1, 2, 4))
    lens.page.mouse.click(*lens.at("canvas.image", 3, 1, 4))
    assert last(lens)["patches"] == [[1, -1], [8, -1]]
    lens.page.mouse.click(*lens.at("canvas.image", 1, 2, 4))
    lens.settle()
    assert last(lens)["patches"] == [[8, -1]]
    assert badge(lens) == "1 patch masked"
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == ""


def test_a_drag_masks_what_it_passes_in_one_message_and_a_second_restores_it(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="Mask").click()
    mouse = lens.page.mouse
    for patches in ([[0, -1], [1, -1], [2, -1], [3, -1]], []):
        mouse.move(*lens.at("canvas.image", 1, 1, 4))
        mouse.down()
        mouse.move(*lens.at("canvas.image", 1, 4, 4))
        mouse.up()
        lens.settle()
        assert last(lens)["patches"] == patches
    assert len(lens.sent()) == 2
    lens.page.locator("canvas.image").press("End")
    lens.page.locator("canvas.image").press("Enter")
    assert last(lens)["patches"] == [[15, -1]]


def test_two_clicks_swap_two_patches(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="Swap").click()
    lens.page.mouse.click(*lens.at("canvas.image", 1, 1, 4))
    lens.settle()
    assert "second patch" in lens.page.locator(".hint").inner_text()
    lens.page.mouse.click(*lens.at("canvas.image", 4, 4, 4))
    assert last(lens)["patches"] == [[0, 15], [15, 0]]
    image = lens.page.locator("canvas.image")
    image.press("Home")
    image.press("Enter")
    image.press("End")
    image.press("Enter")
    assert last(lens)["patches"] == []


def test_the_image_shows_at_once_what_the_model_will_see(lens):
    lens.show(unchanged())
    changes = Intervention(patches={0: 5, 5: 0, 10: None})
    lens.page.evaluate(
        "() => { instance().changes.swap(0, 5); instance().changes.erase(10);"
        " instance().composed(); }"
    )
    seen = lens.page.evaluate(
        """() => [...instance().seen.getContext('2d')
            .getImageData(0, 0, 32, 32).data].filter((_, i) => i % 4 < 3)"""
    )
    wanted = changes.on_images(PIXELS[None], 8)[0]
    np.testing.assert_array_equal(np.reshape(seen, (32, 32, 3)), wanted)


def test_shuffle_all_moves_patches_and_positions_can_be_off(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="Interventions").click()
    lens.page.get_by_role("button", name="Shuffle patches").click()
    told = last(lens)
    order = shuffled(told["seed"], 16)
    assert dict(told["patches"]) == {t: s for t, s in enumerate(order) if s != t}
    group = lens.page.get_by_role("group", name="Position embeddings")
    group.get_by_role("button", name="off").click()
    assert last(lens)["positions"] is False
    lens.settle()
    assert badge(lens).endswith("no position embeddings")


def test_a_model_without_position_embeddings_has_none_to_turn_off(lens):
    lens.show(unchanged(placed=False))
    lens.page.get_by_role("button", name="Interventions").click()
    group = lens.page.get_by_role("group", name="Position embeddings")
    button = group.get_by_role("button", name="off")
    assert button.is_disabled()
    assert button.get_attribute("title") == "This model has no position embeddings."


def test_one_patch_can_be_masked_but_not_moved(lens):
    lens.show(lens_payload(1))
    assert lens.page.get_by_role("button", name="Swap").is_disabled()
    lens.page.get_by_role("button", name="Mask").click()
    lens.page.mouse.click(*lens.at("canvas.image", 1, 1, 1))
    assert last(lens)["patches"] == [[0, -1]]


def test_nothing_can_be_changed_while_the_model_is_awaited(lens):
    waiting = Pending("Starting the model.", "The image can be used meanwhile.", 0.4)
    lens.show(placeholder_payload(waiting, selection(8), shown=Shown(of="it")))
    lens.page.get_by_role("button", name="Mask").click()
    lens.page.mouse.click(*lens.at("canvas.image", 1, 1, 4))
    lens.page.locator("canvas.heads").press("Enter")
    assert lens.sent() == []
