"""The lens: pointing, pinning, switching heads off and poking the picture, in a real browser."""

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.components import pack
from explorer.components.attention_lens.payload import Shown, reading_payload, waiting_payload
from explorer.readings import Waiting
from tests.browser.stage import PIXELS, Stage, reading
from vitcore.intervention import Intervention

POINTS = 0.2  # what may lie between a share read out and the model's own, percentage points
SHARE = re.compile(r"(<0\.1|\d+(?:\.\d)?)%")


def lens_payload(grid=4, *, names=(), **shape):
    answer = reading(grid, prefix=len(names), **shape)
    shown = Shown(place=(0, 0, min(5, grid * grid - 1)), names=names)
    return reading_payload(answer, name=str(grid), shown=shown)


def looking(grid, *, prefix=0, blocks=2, heads=2, sharpness=5.0):
    """A reading with peaked random attention on any grid."""
    rows, columns = grid
    tokens = prefix + rows * columns
    scores = sharpness * np.random.default_rng(4).normal(size=(blocks, heads, tokens, tokens))
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    picture = np.resize(PIXELS, (rows * 4, columns * 4, 3)).astype(np.uint8)
    return replace(
        reading(1, prefix=prefix), grid=grid, prefix=prefix, attention=attention, picture=picture
    )


def changed(changes, *, pooling="mean", of="it", moved=0.5):
    """A payload in which something was changed, and half of the answer moved to cat."""
    before = reading()
    probabilities = before.probabilities.copy()
    probabilities[6] -= moved
    probabilities[3] += moved
    shown = Shown(of=of, changes=changes, truth=6, pooling=pooling)
    now = replace(before, probabilities=probabilities)
    return reading_payload(now, name=repr(changes), shown=shown, before=before)


def unchanged(of="it", **shown):
    return reading_payload(reading(), name="as it is", shown=Shown(of=of, truth=6, **shown))


def point(text):
    """The number in a share as it is read out."""
    (number,) = SHARE.fullmatch(text).groups()
    return 0.05 if number == "<0.1" else float(number)


@pytest.fixture
def lens(page):
    return Stage(page, "lens")


def last(lens):
    """What Python was told last of changes, without the number of the event."""
    told = [value for kind, name, value in lens.sent() if name == "changes"][-1]
    return {name: value for name, value in told.items() if name != "turn"}


def press_switch(lens, block, head):
    """Press the sign in a map's corner, or with head -1 beside a block's number."""
    lens.settle()
    box = lens.page.locator("canvas.heads").bounding_box()
    x, y = lens.page.evaluate(
        """([block, head]) => {
            const { left, top, tile, tileHeight, gap, knob } = instance();
            return [left + block * (tile + gap) + tile - knob / 2,
                head < 0 ? 8 : top + head * (tileHeight + gap) + knob / 2];
        }""",
        [block, head],
    )
    lens.page.mouse.click(box["x"] + x, box["y"] + y)
    lens.settle()


def badge(lens):
    return lens.page.locator(".badge").inner_text()


# Pointing.


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (pack("thumbnails", {}), '"thumbnails", format 1'),
        (lens_payload()[:-9], '"codes" is cut off'),
        (
            pack("lens", {"state": "problem", "size": [2, 2]}, rgb=PIXELS),
            '"rgb" holds 3072 numbers',
        ),
        (b"\xff\xff\xff\x7f{}", "header is cut off"),
        (b"\x00", "holds no bytes"),
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
    lens.page.mouse.move(*lens.at("canvas.picture", 1, 2, 4))
    lens.settle()
    assert lens.read().startswith(
        "Patch at row 1, column 2. For this patch, head 1 of block 1 looks most at "
        "the patch at row 1, column 3 (100%); mean distance 8.0 pixels."
    )
    assert lens.sent() == []


def test_a_click_pins_and_escape_lets_go(lens):
    lens.show(lens_payload())
    lens.page.mouse.click(*lens.at("canvas.picture", 2, 3, 4))
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert "Patch at row 2, column 3 (pinned)." in lens.read()
    lens.page.locator("canvas.picture").press("Escape")
    lens.settle()
    assert "(pinned)" not in lens.read()
    assert lens.sent() == [["state", "pinned", [6, 4, 4]], ["state", "pinned", None]]


@pytest.mark.parametrize("by", [-0.6, -0.4, 0, 0.4, 0.6])
def test_a_click_beside_a_grid_line_pins_the_patch_that_is_highlighted(lens, by):
    lens.show(lens_payload())
    box = lens.page.locator("canvas.picture").bounding_box()
    middle = box["x"] + box["width"] / 2 + by, box["y"] + box["height"] / 2 + by
    lens.page.mouse.move(*middle)
    lens.settle()
    highlighted = lens.page.locator(".wrap").get_attribute("data-shown")
    lens.page.mouse.click(*middle)
    lens.settle()
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == highlighted
    assert "(pinned)" in lens.read()


def test_a_pin_stays_at_its_place_when_the_patch_size_moves(lens):
    lens.show(lens_payload(4))
    lens.page.mouse.click(*lens.at("canvas.picture", 4, 1, 4))
    lens.page.mouse.move(1, 1)
    lens.show(lens_payload(2))
    assert "Patch at row 2, column 1 (pinned)." in lens.read()
    lens.show(lens_payload(8))
    assert "Patch at row 8, column 2 (pinned)." in lens.read()


def test_keys_move_over_patches_and_choose_maps(lens):
    lens.show(lens_payload())
    picture, heads = lens.page.locator("canvas.picture"), lens.page.locator("canvas.heads")
    picture.press("Home")
    picture.press("ArrowDown")
    picture.press("Enter")
    heads.press("ArrowRight")
    heads.press("ArrowDown")
    lens.settle()
    assert "Patch at row 2, column 1 (pinned). For this patch, head 2 of block 2" in lens.read()
    assert lens.page.locator(".which").inner_text() == "Block 2, head 2"


def test_who_looks_at_a_patch_can_be_asked(lens):
    lens.show(lens_payload())
    lens.page.get_by_role("button", name="is looked at by").click()
    lens.settle()
    assert "looked at most by the patch at row 2, column 1 (100% of that patch" in lens.read()
    assert "receives 1.00 times an even share" in lens.read()


def test_the_class_token_can_look(lens):
    lens.show(lens_payload(names=("class",)))
    lens.page.get_by_role("button", name="[class]").click()
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert lens.read().startswith(
        "The class token (pinned). For this token, head 1 of block 1 looks most at"
    )


def test_one_token_and_144_heads_are_drawn(lens):
    lens.show(lens_payload(1))
    assert "looks most at itself" in lens.read()
    lens.show(lens_payload(16, blocks=12, heads=12))
    assert lens.page.locator(".wrap").get_attribute("data-state") == "reading"


@pytest.mark.parametrize(
    ("grid", "prefix"), [((8, 8), 0), ((2, 3), 0), ((3, 2), 1), ((14, 14), 1), ((1, 1), 3)]
)
@pytest.mark.parametrize("direction", ["looks at", "is looked at by"])
def test_every_share_read_out_is_the_model_s_own(lens, grid, prefix, direction):
    answer = looking(grid, prefix=prefix)
    names = ("class", "register 1", "register 2")[:prefix]
    shown = Shown(names=names, place=(0, 1, 0))
    lens.show(reading_payload(answer, name="a", shown=shown))
    lens.page.get_by_role("button", name=direction, exact=True).click()
    count = grid[0] * grid[1]
    rng = np.random.default_rng(0)
    for _ in range(12):
        block, head, pinned, other = (int(rng.integers(n)) for n in (2, 2, count, count))
        said = lens.page.evaluate(
            """([block, head, pinned, other]) => {
                Object.assign(instance(), { chosen: [block, head], pinned, hover: other });
                instance().draw();
                return [...document.querySelectorAll('.read b')].map((b) => b.textContent);
            }""",
            [block, head, pinned, other],
        )
        pair = (pinned, other) if direction == "looks at" else (other, pinned)
        source, target = (prefix + token for token in pair)
        own = 100 * float(answer.attention[block, head, source, target])
        assert point(said[-1]) == pytest.approx(own, abs=POINTS)


def test_what_is_added_up_is_exact_too(lens):
    answer = looking((8, 8), prefix=1, sharpness=1.0)
    lens.show(reading_payload(answer, name="a", shown=Shown(names=("class",), place=(1, 0, 19))))
    row = answer.attention[1, 0, 20]
    patches = row[1:].reshape(8, 8)
    wanted = (
        row[1:].max(),
        row[0],
        patches[2, 3],
        patches[2].sum() - patches[2, 3],
        patches[:, 3].sum() - patches[2, 3],
    )
    said = [point(f"{text}%") for text in SHARE.findall(lens.read().split("(an even")[0])]
    np.testing.assert_allclose(said, 100 * np.array(wanted), atol=POINTS)


def test_while_a_patch_is_pinned_the_pointer_asks_what_it_gives_to_another(lens):
    lens.show(lens_payload())
    lens.page.mouse.click(*lens.at("canvas.picture", 2, 3, 4))
    lens.page.mouse.move(*lens.at("canvas.picture", 2, 4, 4))
    lens.settle()
    said = lens.read()
    assert "Patch at row 2, column 3 (pinned)." in said
    assert "Of its attention the patch at row 2, column 4 gets 100%." in said


def test_the_scale_can_be_common_and_the_legend_says_which(lens):
    lens.show(lens_payload())
    heads = lens.page.locator("canvas.heads")
    heads.press("ArrowDown")
    lens.settle()
    legend = lens.page.locator(".legend .hi")
    assert legend.inner_text().startswith("brightest = 6.3% (in this map)")
    lens.page.get_by_role("button", name="common").click()
    lens.settle()
    assert legend.inner_text() == "brightest = 100% the same scale in all maps"


def test_the_same_numbers_are_a_table_once_it_is_opened(lens):
    answer = looking((3, 4), blocks=2, heads=3)
    lens.show(reading_payload(answer, name="a", shown=Shown(place=(1, 2, 5))))
    assert lens.page.locator("table").count() == 0
    lens.page.get_by_text("The same as a table").click()
    first, second = lens.page.locator("table").nth(0), lens.page.locator("table").nth(1)
    expect(first.locator("td")).to_have_count(12)
    assert first.locator("caption").inner_text() == (
        "Block 2, head 3: where the patch at row 2, column 2 looks"
    )
    said = [point(cell) for cell in first.locator("td").all_inner_texts()]
    np.testing.assert_allclose(said, 100 * answer.attention[1, 2, 5], atol=POINTS)
    assert second.locator("tr").count() == 3
    lens.page.locator("canvas.heads").press("ArrowUp")
    expect(first.locator("caption")).to_contain_text("Block 2, head 2")


def test_a_finger_pins_too(browser):
    page = browser.new_page(viewport={"width": 420, "height": 900}, has_touch=True)
    lens = Stage(page, "lens")
    page.locator("#root").evaluate("root => { root.style.width = '388px'; }")
    lens.show(unchanged())
    page.touchscreen.tap(*lens.at("canvas.picture", 2, 3, 4))
    lens.settle()
    assert "Patch at row 2, column 3 (pinned)." in lens.read()
    assert lens.sent() == [["state", "pinned", [6, 4, 4]]]
    page.close()


def test_a_link_pins_its_patch_once(page):
    lens = Stage(page, "lens")
    lens.show(unchanged(link=("first", 6)))
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == "6"
    lens.page.locator("canvas.picture").press("Escape")
    lens.show(unchanged(link=("first", 6), names=()))
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == ""
    lens.show(unchanged(link=("second", 3)))
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == "3"
    lens.show(unchanged(link=("third", None)))
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == ""


def test_a_head_chosen_beside_the_lens_is_shown_once(lens):
    which = lens.page.locator(".which")
    lens.show(unchanged(look=("first", 3, 2)))
    assert which.inner_text() == "Block 4, head 3"
    lens.page.locator("canvas.heads").press("ArrowLeft")
    lens.show(unchanged(look=("first", 3, 2), names=()))
    assert which.inner_text() == "Block 3, head 3"
    lens.show(unchanged(look=("second", 9, 9)))  # the model has no such head
    assert which.inner_text() == "Block 1, head 1"


def test_python_hears_of_a_pin_from_another_figure(page):
    hero = Stage(page, "lens")
    hero.show(unchanged())
    hero.page.mouse.click(*hero.at("canvas.picture", 1, 2, 4))
    lens = Stage(page, "lens")  # the page is opened anew
    lens.show(unchanged())
    assert lens.sent() == [["state", "pinned", [1, 4, 4]]]


# Heads off.


def test_a_head_is_switched_off_at_its_corner_and_on_again(lens):
    lens.show(unchanged())
    press_switch(lens, 2, 1)
    assert last(lens) == {"of": "it", "heads": [[2, 1]], "patches": [], "positions": True}
    assert badge(lens) == "1 head off: block 3 head 2"
    press_switch(lens, 2, 1)
    assert last(lens)["heads"] == []
    assert badge(lens) == ""
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert lens.page.locator(".which").inner_text() == "Block 1, head 1"  # nothing was chosen


def test_a_block_is_switched_off_beside_its_number(lens):
    lens.show(unchanged())
    press_switch(lens, 4, 2)
    press_switch(lens, 1, -1)
    assert last(lens)["heads"] == [[1, 0], [1, 1], [1, 2], [4, 2]]
    assert badge(lens) == "4 heads off: block 2, block 5 head 3"
    press_switch(lens, 1, -1)
    assert last(lens)["heads"] == [[4, 2]]


def test_keys_switch_heads_and_blocks(lens):
    lens.show(unchanged())
    heads = lens.page.locator("canvas.heads")
    heads.press("ArrowRight")
    heads.press("Enter")
    assert last(lens)["heads"] == [[1, 0]]
    heads.press("Shift+Enter")
    assert last(lens)["heads"] == [[1, 0], [1, 1], [1, 2]]


def test_buttons_switch_the_chosen_head_and_its_block(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="More").click()
    lens.page.get_by_role("button", name="Switch block 1, head 1 off").click()
    assert last(lens)["heads"] == [[0, 0]]
    lens.page.get_by_role("button", name="Switch block 1, head 1 on").click()
    lens.page.get_by_role("button", name="Switch all of block 1").click()
    assert last(lens)["heads"] == [[0, 0], [0, 1], [0, 2]]


def test_the_answer_stands_beside_the_one_before(lens):
    lens.show(unchanged())
    assert lens.page.locator(".verdict").inner_text() == "Answer: frog 82%"
    assert lens.page.locator(".key").is_hidden()
    lens.show(changed(Intervention(heads_off=((0, 0), (3, 1)))))
    assert lens.page.locator(".verdict").inner_text() == "Answer: frog 82% → cat 52%"
    assert lens.page.locator(".key").is_visible()
    cat = lens.page.locator(".bars li").nth(3)
    assert cat.locator(".val").inner_text() == "2.0% → 52%"
    assert cat.locator(".was").get_attribute("style") == "left: 2%;"
    assert cat.locator(".fill").get_attribute("style") == "width: 52%;"
    assert lens.page.locator(".note").inner_text().startswith("The most moved: cat, by +50.0")
    assert badge(lens) == "2 heads off: block 1 head 1, block 4 head 2"


def test_one_click_resets_everything(lens):
    changes = Intervention(heads_off=((0, 0),), patches={1: None, 2: 3, 3: 2}, positions=False)
    lens.show(changed(changes))
    assert badge(lens) == "1 head off · 1 patch erased · 2 patches moved · positions off"
    lens.page.get_by_role("button", name="Reset").click()
    assert last(lens) == {"of": "it", "heads": [], "patches": [], "positions": True}
    lens.settle()
    assert badge(lens) == ""
    assert lens.page.get_by_role("button", name="Reset").count() == 0


@pytest.mark.parametrize(
    ("pooling", "words"),
    [
        ("class", "The class token never sees the picture, so every picture gets this answer."),
        ("mean", "Each patch is judged by itself, and the answer is the mean of their votes."),
    ],
)
def test_all_heads_off_is_explained(lens, pooling, words):
    every = tuple((block, head) for block in range(6) for head in range(3))
    lens.show(changed(Intervention(heads_off=every), pooling=pooling))
    said = lens.page.locator(".note").inner_text()
    assert said.startswith(f"All heads are off: no token sees another. {words}")
    assert badge(lens) == "all heads off"


def test_an_answer_to_an_older_click_takes_nothing_back(lens):
    lens.show(unchanged())
    press_switch(lens, 0, 0)
    press_switch(lens, 1, 1)
    first = Intervention(heads_off=((0, 0),))
    lens.show(changed(first))
    assert badge(lens) == "2 heads off: block 1 head 1, block 2 head 2"
    assert lens.page.locator(".pending").count() == 1
    lens.show(changed(Intervention(heads_off=((0, 0), (1, 1)))))
    assert lens.page.locator(".pending").count() == 0


def test_changes_of_another_picture_are_taken_from_python(lens):
    lens.show(unchanged())
    press_switch(lens, 0, 0)
    lens.show(unchanged(of="another"))
    assert badge(lens) == ""
    assert lens.page.locator(".pending").count() == 0


def test_changes_outlive_a_page_that_is_left(lens):
    lens.show(changed(Intervention(heads_off=((5, 2),))))
    assert badge(lens) == "1 head off: block 6 head 3"
    assert lens.sent() == []


# Poking the picture.


def test_a_click_erases_a_patch_and_another_brings_it_back(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="erase").click()
    lens.page.mouse.click(*lens.at("canvas.picture", 1, 2, 4))
    lens.page.mouse.click(*lens.at("canvas.picture", 3, 1, 4))
    assert last(lens)["patches"] == [[1, -1], [8, -1]]
    lens.page.mouse.click(*lens.at("canvas.picture", 1, 2, 4))
    lens.settle()
    assert last(lens)["patches"] == [[8, -1]]
    assert badge(lens) == "1 patch erased"
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == ""


def test_two_clicks_let_two_patches_change_places(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="swap").click()
    lens.page.mouse.click(*lens.at("canvas.picture", 1, 1, 4))
    lens.settle()
    assert "changes places with the one at row 1, column 1" in lens.read()
    lens.page.mouse.click(*lens.at("canvas.picture", 4, 4, 4))
    assert last(lens)["patches"] == [[0, 15], [15, 0]]
    picture = lens.page.locator("canvas.picture")
    picture.press("Home")
    picture.press("Enter")
    picture.press("End")
    picture.press("Enter")
    assert last(lens)["patches"] == []


def test_the_picture_shows_at_once_what_the_model_will_see(lens):
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
    wanted = changes.on_pictures(PIXELS[None], 8)[0]
    np.testing.assert_array_equal(np.reshape(seen, (32, 32, 3)), wanted)


def test_shuffle_all_moves_patches_and_positions_can_be_off(lens):
    lens.show(unchanged())
    lens.page.get_by_role("button", name="More").click()
    lens.page.get_by_role("button", name="Shuffle all patches").click()
    moved = dict(last(lens)["patches"])
    assert moved
    assert sorted(moved) == sorted(moved.values())
    group = lens.page.get_by_role("group", name="Position embeddings")
    group.get_by_role("button", name="off").click()
    assert last(lens)["positions"] is False
    lens.settle()
    assert badge(lens).endswith("positions off")


def test_one_patch_can_be_erased_but_not_moved(lens):
    lens.show(lens_payload(1))
    assert lens.page.get_by_role("button", name="swap").is_disabled()
    lens.page.get_by_role("button", name="erase").click()
    lens.page.mouse.click(*lens.at("canvas.picture", 1, 1, 1))
    assert last(lens)["patches"] == [[0, -1]]


def test_nothing_can_be_changed_while_the_model_is_awaited(lens):
    waiting = Waiting("Starting the model.", "The picture can be used meanwhile.", 0.4)
    lens.show(waiting_payload(waiting, PIXELS, 8, shown=Shown(of="it")))
    lens.page.get_by_role("button", name="erase").click()
    lens.page.mouse.click(*lens.at("canvas.picture", 1, 1, 4))
    lens.page.locator("canvas.heads").press("Enter")
    assert lens.sent() == []


# In the app.


def in_lens(person, part):
    return person.page.locator(f".lens {part}")


@pytest.fixture
def at_attention(person):
    person.opens("Attention", picture_source="sketch10")
    person.waits_for_answer()
    expect(in_lens(person, ".verdict")).to_contain_text("%")
    return person


def test_hovering_sends_nothing_to_the_server(somebody, server):
    person = somebody(server)
    sent = []
    person.page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))),
    )
    person.opens("Attention", picture_source="sketch10")
    person.waits_for_answer()
    person.page.wait_for_timeout(2000)
    assert sent  # frames are counted
    sent.clear()
    shown = set()
    for selector in ("canvas.picture", "canvas.heads"):
        box = in_lens(person, selector).bounding_box()
        for step in range(40):
            share = (step + 0.5) / 40
            person.page.mouse.move(
                box["x"] + share * box["width"], box["y"] + share * box["height"]
            )
            shown.add(in_lens(person, ".read").inner_text())
    assert len(shown) > 8
    assert sum(sent) == 0


def test_a_pinned_patch_is_in_the_address_and_a_link_shows_it(at_attention, somebody, server):
    person = at_attention
    box = in_lens(person, "canvas.picture").bounding_box()
    person.page.mouse.click(box["x"] + 0.31 * box["width"], box["y"] + 0.06 * box["height"])
    person.eventually(lambda: person.query().get("pinned") == "2")
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.waits_for_answer()
    expect(in_lens(other, ".read")).to_contain_text("Patch at row 1, column 3 (pinned).")
    other.slides_patch_size(8)
    other.eventually(lambda: other.query().get("pinned") == "1")
    in_lens(other, "canvas.picture").press("Escape")
    other.eventually(lambda: "pinned" not in other.query())


def test_a_patch_that_cannot_be_pinned_is_named(person):
    person.opens("Attention", picture_source="sketch10", pinned="64")
    person.sees("Pinned patch 64 is not a whole number in 0 to 63: no patch is pinned.")
    expect(in_lens(person, ".wrap, .read").first).not_to_contain_text("(pinned)")


def test_heads_off_move_the_answer_here_and_nowhere_else(at_attention):
    person = at_attention
    before = in_lens(person, ".verdict").inner_text()
    in_lens(person, "canvas.heads").press("Shift+Enter")
    expect(in_lens(person, ".verdict")).to_contain_text("→")
    expect(in_lens(person, ".badge")).to_have_text(re.compile(r"heads off: block \d"))
    answer = person.page.locator(".strip .verdict")
    expect(answer).to_have_text(before.removeprefix("Answer: "))
    person.goes_to("Overview")
    person.goes_to("Attention")
    person.waits_for_answer()
    expect(in_lens(person, ".badge")).to_have_text(re.compile(r"heads off: block \d"))
    in_lens(person, ".reset").click()
    expect(in_lens(person, ".verdict")).to_have_text(before)
    expect(in_lens(person, ".pending")).to_have_count(0)


def test_an_erased_patch_belongs_to_its_picture(at_attention):
    person = at_attention
    in_lens(person, "[data-mode=erase]").click()
    box = in_lens(person, "canvas.picture").bounding_box()
    person.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(in_lens(person, ".key")).to_be_visible()
    expect(in_lens(person, ".badge")).to_have_text("1 patch erased")
    person.types("picture_index", 3)
    expect(in_lens(person, ".badge")).to_have_text("")
    expect(in_lens(person, ".key")).to_be_hidden()
