"""What a link carries from page to page: the pinned token, and the shown shuffle."""

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
