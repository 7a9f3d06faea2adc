"""What a link carries from page to page: the pinned token, and the shown shuffle."""

import pytest
from playwright.sync_api import expect

from explorer.components.packing import pack
from tests.browser.stage import Stage

QUIET = {"image_source": "sketch10", "attention_panel": "Export"}  # which computes nothing


def asks(mark, pinned):
    return pack("pin", {"mark": mark, "pinned": pinned})


def test_what_a_link_pins_holds_once(page):
    messenger = Stage(page, "pin")
    messenger.show(asks("first", [6, 4]))
    assert messenger.pinned() == [6, 4, 4]
    messenger.show(asks("first", [3, 4]))
    assert messenger.pinned() == [6, 4, 4]
    messenger.show(asks("second", [-1, 4]))
    assert messenger.pinned() == [-1, 4, 4]
    messenger.show(asks("third", None))
    assert messenger.pinned() is None
    assert messenger.sent() == []


def test_what_a_figure_pins_is_told(page):
    messenger = Stage(page, "pin")
    messenger.show(asks("first", None))
    messenger.page.evaluate(
        "() => { __vitExplorerPins.at = [1, 4, 4];"
        " for (const one of __vitExplorerPins.listeners) one.onPin(); }"
    )
    assert messenger.sent() == [["trigger", "pinned", [1, 4, 4]]]


def test_a_pin_is_part_of_the_link_on_every_page_and_back_undoes_it(person, somebody, server):
    person.opens("Patches", **QUIET)
    person.waits_for_answer()
    image = person.page.locator(".st-key-patches_flow canvas").first
    box = image.bounding_box()
    person.page.mouse.click(box["x"] + 0.31 * box["width"], box["y"] + 0.06 * box["height"])
    person.eventually(lambda: person.query().get("pinned") == "1.3-of-8")
    person.goes_to("Attention")
    person.waits_for_answer()
    lens = person.page.locator(".lens")
    expect(lens.locator(".read")).to_contain_text("Query (1, 3), pinned.")
    other = somebody(server)
    other.page.goto(person.page.url.replace("attention", "positions", 1))
    other.settles()
    other.goes_to("Attention")
    other.waits_for_answer()
    expect(other.page.locator(".lens .read")).to_contain_text("Query (1, 3), pinned.")
    lens.locator("canvas.image").press("Escape")
    person.eventually(lambda: "pinned" not in person.query())
    person.page.go_back()
    expect(lens.locator(".read")).to_contain_text("Query (1, 3), pinned.")


def test_a_shuffle_is_part_of_the_link_and_back_undoes_it(person, somebody, server):
    def shown(one):
        drawn = one.page.locator(".st-key-positions_shuffle .wrap[data-painted]")
        return drawn.locator("canvas").last.evaluate("(one) => one.toDataURL()")

    person.opens("Positions", image_source="sketch10")
    first = shown(person)
    person.page.locator(".st-key-positions_shuffle .again").click()
    person.eventually(lambda: person.query().get("shuffle") == "1" and shown(person) != first)
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.eventually(lambda: shown(other) == shown(person))
    person.page.go_back()
    person.eventually(lambda: shown(person) == first)


def test_the_block_is_part_of_the_link_and_that_of_both_pages(person, somebody, server):
    def pressed(one, inside):
        blocks = one.page.locator(f"{inside} button[aria-pressed=true]")
        return [block.inner_text() for block in blocks.all()]

    person.opens("Encoder", image_source="sketch10")
    person.waits_for_answer()
    person.page.locator(".head-blocks button, .blocks button").nth(3).click()
    person.eventually(lambda: person.query().get("block") == "4")
    person.goes_to("Self-attention")
    person.page.get_by_role("button", name="This image").click()
    person.eventually(lambda: pressed(person, ".blocks") == ["4"])
    person.eventually(lambda: person.query().get("input") == "image")
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.eventually(lambda: pressed(other, ".blocks") == ["4"])
    expect(other.page.get_by_role("button", name="This image")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_each_step_back_undoes_one_press(person):
    person.opens("Overview", image_source="sketch10", image_class="dog")
    seen = [person.query()]
    for page in ("Encoder", "Attention", "Positions"):
        person.goes_to(page)
        person.waits_for_answer()
        if page == "Encoder":
            seen.append(person.query())
            person.page.locator(".st-key-encoder .row button.box").nth(3).click()
            person.eventually(lambda: person.query().keys() >= {"block", "stage"})
        seen.append(person.query())
    for query in reversed(seen[:-1]):
        person.page.go_back()
        person.eventually(lambda query=query: person.query() == query)
        person.settles()
        assert person.query() == query


@pytest.mark.parametrize(
    "old, now",
    [
        ("patches?picture_class=cat&picture_index=7", {"image_class": "cat", "image_index": "7"}),
        ("?pinned=2.3", {"pinned": "2.3-of-8"}),
        ("?image_index=2&image_index=3", {"image_index": "3"}),
        ("?image_index=inf", {}),
        ("evaluate?image_index=1e400", {}),
    ],
)
def test_back_to_a_link_in_other_words_shows_the_same_and_then_leaves(person, server, old, now):
    def holds():
        person.settles()
        assert person.query() == now
        index = person.page.get_by_label("Index", exact=True)  # 0 until the second run has ended
        expect(index).to_have_value(now.get("image_index", "0"))
        expect(person.page.locator("h1")).to_have_count(1)
        expect(person.page.get_by_text("Unexpected error")).to_have_count(0)

    person.page.goto("about:blank")
    person.page.goto(f"{server.address}/{old}")
    person.eventually(lambda: person.query() == now)
    holds()
    person.page.go_back()
    person.eventually(lambda: person.query() == now)
    holds()
    for _ in range(2):  # one entry more where a run ended before the page counted presses
        if person.page.url != "about:blank":
            person.page.go_back()
            person.page.wait_for_timeout(2000)
    assert person.page.url == "about:blank"


EXAMPLE = """() => { const s = globalThis.__vitExplorerSelfAttention, run = s.run();
    return { ...s.asked(), numbers: ['X', 'WQ', 'WK', 'WV', 'S', 'A', 'C'].map((name) =>
        [...run[name].v].map((v) => (v === -Infinity ? null : v))) }; }"""


def cell(person, name, i, j):
    """A number of the small example; row and column are counted from 0."""
    box = person.page.locator(f".layer.example .mat[data-name={name}]")
    return box.locator(".line").nth(i).locator(".cell").nth(j)


def writes(person, name, i, j, number):
    cell(person, name, i, j).focus()
    person.page.keyboard.type(number)
    person.page.keyboard.press("Enter")


def example(person):
    person.page.wait_for_function("() => globalThis.__vitExplorerSelfAttention")
    return person.page.evaluate(EXAMPLE)


def says(person, **words):
    def said():
        query = person.query()
        return all(query.get(name) == word for name, word in words.items())

    person.eventually(said)


def test_the_example_of_self_attention_is_part_of_the_link(person, somebody, server):
    person.opens("Self-attention", image_source="sketch10")
    person.waits_for_answer()
    usual = example(person)
    assert not person.query()
    page = person.page
    page.locator(".set .count [data-by='1']").click()
    page.locator(".head-tool .heads button").nth(1).click()
    page.locator(".kind").select_option("multiplicative")
    page.locator(".scale [data-on='']").click()
    page.locator("[data-mask=causal]").click()
    page.locator("[data-mask=hand]").click()
    cell(person, "Z", 0, 1).click()  # was masked, and no longer is
    page.locator(".seed [data-by='1']").click()
    writes(person, "X", 1, 2, "2.5")
    writes(person, "WQ", 0, 0, "-1.25")
    writes(person, "WS", 2, 1, "7")
    cell(person, "A", 3, 0).click()
    says(
        person,
        tokens="5",
        example_head="2",
        score="multiplicative",
        scaling="off",
        mask="1.3 1.4 1.5 2.3 2.4 2.5 3.4 3.5 4.5",
        seed="2",
        example="X-2.3_2.5 WQ2-1.1_-1.25 WS-3.2_7",
        query="4",
    )
    mine = example(person)
    assert mine["numbers"] != usual["numbers"]
    other = somebody(server)
    for _ in range(2):  # in another window, and there again
        other.page.goto(page.url)
        other.settles()
        other.waits_for_answer()
        other.eventually(lambda: example(other) == mine)
        assert other.query() == person.query()
    page.locator("[data-cross='1']").click()
    writes(person, "Y", 2, 4, "4")
    says(person, keys="second", example="X-2.3_2.5 Y-3.5_4 WQ2-1.1_-1.25 WS-3.2_7")
    assert "mask" not in person.query()
    other.page.goto(page.url)
    other.settles()
    other.eventually(lambda: example(other) == example(person))


def test_each_change_of_the_example_is_one_step_back_and_none_is_drawn_again(person):
    person.opens("Self-attention", image_source="sketch10")
    person.waits_for_answer()
    person.page.wait_for_timeout(1000)
    inside, page = ".st-key-self_attention_machine", person.page
    drawn, seen = person.painted(inside), [example(person)]

    def follow(**words):
        says(person, **words)
        person.settles()
        assert person.painted(inside) == drawn
        seen.append(example(person))

    page.locator("[data-mask=causal]").click()
    follow(mask="causal")
    box = cell(person, "WK", 2, 2).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for pixels in (10, 20, 30, 40, 50):
        page.mouse.move(x + pixels, y)
        page.wait_for_timeout(60)
    assert "example" not in person.query()
    page.mouse.up()
    follow(mask="causal", example=f"WK1-3.3_{example(person)['example'][0][3]:g}")
    page.get_by_role("button", name="This image").click()
    follow(input="image")
    for state in reversed(seen[:-1]):
        page.go_back()
        person.eventually(lambda state=state: example(person) == state)
    assert not person.query()


SCALING = ".st-key-self_attention_scaling"


def experiment(person):
    """What the figure on scaling shows, and the step at which the machine stands."""
    figure, page = person.page.locator(SCALING), person.page
    return [
        *(figure.locator(f".{one}").inner_text() for one in ("lead", "at", "seed")),
        figure.locator("input").input_value(),
        *(one.inner_text() for one in page.locator("[aria-pressed=true]:visible").all()),
        page.locator(".st-key-self_attention_machine .read").inner_text(),
    ]


def test_the_experiment_on_scaling_and_the_step_are_part_of_the_link(person, somebody, server):
    person.opens("Self-attention", image_source="sketch10")
    person.waits_for_answer()
    figure, page = person.page.locator(SCALING), person.page
    expect(figure.locator(".at")).to_have_text("dk = 64")
    page.wait_for_timeout(1000)
    seen = [experiment(person)]

    def follow(**words):
        says(person, **words)
        person.settles()
        person.eventually(lambda: experiment(person) not in seen)
        page.wait_for_timeout(800)  # another sample is drawn when the page is at rest
        seen.append(experiment(person))

    figure.locator("input").press("ArrowRight")
    follow(head_dim="128")
    figure.locator("[data-sigma='2']").click()
    follow(sigma="2")
    figure.locator(".again").click()
    follow(sample="2")
    page.locator(".steps button").nth(4).click()
    follow(step="softmax")
    assert person.query() == {
        "head_dim": "128",
        "sigma": "2",
        "sample": "2",
        "step": "softmax",
    }
    other = somebody(server)
    for _ in range(2):  # in another window, and there again
        other.page.goto(page.url)
        other.settles()
        other.waits_for_answer()
        other.eventually(lambda: experiment(other) == seen[-1])
        assert other.query() == person.query()
    person.goes_to("Patches")
    person.goes_to("Self-attention")
    person.waits_for_answer()
    person.eventually(lambda: experiment(person) == seen[-1])
    page.go_back()
    page.go_back()
    for state in reversed(seen[:-1]):
        page.go_back()
        person.eventually(lambda state=state: experiment(person) == state)
    assert not person.query()


def test_words_that_are_none_leave_the_address_of_self_attention(person):
    person.opens("Self-attention", mask="1.1 1.2 1.3 1.4", example="X-9.9_1", score="additive")
    person.waits_for_answer()
    person.sees("(got 1.1 1.2 1.3 1.4)")
    person.sees("(got X-9.9_1)")
    person.eventually(lambda: {*person.query()} == {"score"})
    assert {*example(person)} == {"score", "numbers"}


def test_the_head_that_was_chosen_stays_in_the_link_of_another_block(person, somebody, server):
    def head(one):
        return one.page.locator(".image-heads [aria-pressed=true]").inner_text()

    person.opens("Self-attention", image_source="sketch10", input="image", block="2")
    person.waits_for_answer()
    chosen = "2" if head(person) == "3" else "3"  # not the one that would be shown anyway
    person.page.locator(".blocks button").nth(0).click()
    says(person, block="1")
    person.page.locator(".image-heads button").nth(int(chosen) - 1).click()
    says(person, block="1", image_head=chosen)
    person.page.locator(".blocks button").nth(1).click()
    says(person, block="2", image_head=chosen)
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.waits_for_answer()
    other.eventually(lambda: head(other) == head(person) == chosen)


FIGURES = (".st-key-positions_tiles", ".st-key-positions_tokens")


def settings(person):
    """What is pressed in the figures of Positions, their ends of the scale, and the tiles."""
    found = []
    for inside in FIGURES:
        figure = person.page.locator(inside)
        pressed = figure.locator("[aria-pressed=true]").all()
        found += [one.get_attribute("aria-label") or one.inner_text() for one in pressed]
        found += [one.inner_text() for one in figure.locator(".lo, .hi, .read").all()]
        found.append(figure.locator("canvas.tile").evaluate("(one) => one.toDataURL()"))
    return found


def test_what_the_figures_of_positions_show_is_part_of_the_link(person, somebody, server):
    person.opens("Positions", image_source="sketch10")
    person.waits_for_answer()
    person.page.wait_for_timeout(1000)
    assert not person.query()
    drawn, seen, page = [person.painted(one) for one in FIGURES], [settings(person)], person.page
    tiles, tokens = (page.locator(inside) for inside in FIGURES)

    def follow(**words):
        says(person, **words)
        person.settles()
        seen.append(settings(person))
        assert seen[-1] != seen[-2]
        assert [person.painted(one) for one in FIGURES] == drawn

    tiles.locator("[data-scale=own]").click()
    follow(position_scale="centered")
    tiles.locator(".kinds button").nth(2).click()
    follow(encoding="sin-cos-2d")
    tokens.locator(".blocks button").nth(2).click()
    follow(after_block="2")
    tokens.locator("[data-scale=own]").click()
    follow(token_scale="centered")
    tokens.locator(".slide input").press("ArrowRight")
    follow(after_block="3")
    other = somebody(server)
    for _ in range(2):  # in another window, and there again
        other.page.goto(page.url)
        other.settles()
        other.waits_for_answer()
        other.eventually(lambda: settings(other) == seen[-1])
        assert other.query() == person.query()
    person.goes_to("Patches")
    person.goes_to("Positions")
    person.waits_for_answer()
    person.eventually(lambda: settings(person) == seen[-1])
    page.go_back()
    page.go_back()
    for state in reversed(seen[:-1]):
        page.go_back()
        person.eventually(lambda state=state: settings(person) == state)
    assert not person.query()


def test_more_digits_than_a_link_holds_are_left_out_of_it_and_said_to_be(person):
    person.opens("Self-attention", image_source="sketch10")
    person.waits_for_answer()
    said = person.page.locator(".problem-line")
    person.page.evaluate(
        """() => { const s = globalThis.__vitExplorerSelfAttention;
        for (const M of [s.X, s.Y, ...s.weights.heads.flatMap(Object.values)])
            M.v.forEach((_, k) => (M.v[k] = Math.sin(k + 1)));
        s.edited = true; s.set({ scaled: false }); }"""
    )
    says(person, scaling="off")
    expect(said).to_be_visible()
    assert {*person.query()} == {"scaling"}
    person.page.locator(".reset").click()
    expect(said).to_have_count(0)


def test_the_presenter_s_view_keeps_what_is_shown_and_can_be_left(person):
    person.opens("Patches", patch_size=8, image_class="cat")
    page = person.page
    page.locator(".st-key-view_links a[href*=present]").click()
    page.locator(".st-key-leave_presenting a").wait_for()
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert person.query() == {"patch_size": "8", "image_class": "cat", "present": "1"}
    page.locator(".st-key-leave_presenting a").click()
    page.get_by_test_id("stSidebar").wait_for()
    assert person.query() == {"patch_size": "8", "image_class": "cat"}
