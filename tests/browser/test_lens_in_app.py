"""The attention view on its page: what reaches the server, the URL and the prediction."""

import re

import pytest
from playwright.sync_api import expect

QUIET = {"image_source": "sketch10", "attention_panel": "Export"}  # which computes nothing


def in_lens(person, part):
    return person.page.locator(f".lens {part}")


@pytest.fixture
def at_attention(person):
    person.opens("Attention", **QUIET)
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
    person.opens("Attention", **QUIET)
    person.waits_for_answer()
    assert sent  # frames are counted
    for _ in range(30):  # the panel below may not be done
        sent.clear()
        person.page.wait_for_timeout(1000)
        if not sent:
            break
    shown = set()
    for selector in ("canvas.image", "canvas.heads"):
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
    for canvas in ("image", "heads"):
        assert person.inks(in_lens(person, f"canvas.{canvas}")) > 50
    box = in_lens(person, "canvas.image").bounding_box()
    person.page.mouse.click(box["x"] + 0.31 * box["width"], box["y"] + 0.06 * box["height"])
    person.eventually(lambda: person.query().get("pinned") == "1.3-of-8")
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.waits_for_answer()
    expect(in_lens(other, ".read")).to_contain_text("Query (1, 3), pinned.")
    other.slides_patch_size(8)
    expect(in_lens(other, ".read")).to_contain_text("Query (1, 2), pinned.")
    assert other.query()["pinned"] == "1.3-of-8"
    in_lens(other, "canvas.image").press("Escape")
    other.eventually(lambda: "pinned" not in other.query())
    person.opens("Attention", **QUIET)  # an address without a pin has none
    person.waits_for_answer()
    expect(in_lens(person, ".read")).not_to_contain_text("pinned")
    assert "pinned" not in person.query()


def test_the_whole_state_is_a_link_and_survives_another_page(at_attention, somebody, server):
    person = at_attention
    person.chooses("attention_panel", "Head metrics")
    in_lens(person, "[data-direction=to]").click()
    person.eventually(lambda: person.query().get("direction") == "key")
    in_lens(person, "canvas.heads").press("Shift+Enter")
    expect(in_lens(person, ".badge")).to_have_text(re.compile(r"heads ablated \(L\d\)"))
    person.eventually(lambda: "ablated" in person.query())
    whole = person.query()
    other = somebody(server)
    other.page.goto(person.page.url)
    other.settles()
    other.waits_for_answer()
    expect(in_lens(other, ".badge")).to_have_text(in_lens(person, ".badge").inner_text())
    expect(in_lens(other, "[data-direction=to]")).to_have_attribute("aria-pressed", "true")
    person.goes_to("Positions")
    person.page.go_back()
    person.eventually(lambda: person.query() == whole)
    assert person.chosen("attention_panel") == "Head metrics"
    in_lens(person, ".reset").click()
    person.eventually(lambda: "ablated" not in person.query())


def test_one_step_back_undoes_a_reset_of_several_changes(person):
    person.opens("Attention", **QUIET, off="1.1", patches="2.2-x", grid="8")
    person.waits_for_answer()
    expect(in_lens(person, ".badge")).to_contain_text("1 patch masked")
    whole = person.query()
    in_lens(person, ".reset").click()
    person.eventually(lambda: not {"ablated", "patches", "grid"} & {*person.query()})
    person.page.go_back()
    person.eventually(lambda: person.query() == whole)
    expect(in_lens(person, ".badge")).to_contain_text("1 patch masked")


def test_a_patch_that_cannot_be_pinned_is_named(person):
    person.opens("Attention", **QUIET, pinned="9.1")
    person.sees("from 1.1 to 8.8 (got 9.1)")
    person.eventually(lambda: "pinned" not in person.query())
    expect(in_lens(person, ".wrap, .read").first).not_to_contain_text("pinned")


def test_heads_off_move_the_answer_here_and_nowhere_else(at_attention):
    person = at_attention
    before = in_lens(person, ".verdict").inner_text()
    in_lens(person, "canvas.heads").press("Shift+Enter")
    expect(in_lens(person, ".verdict")).to_contain_text("→")
    expect(in_lens(person, ".badge")).to_have_text(re.compile(r"heads ablated \(L\d\)"))
    answer = person.page.locator(".strip .verdict")
    expect(answer).to_contain_text(before.removeprefix("Prediction: "))
    expect(answer.locator(".of")).to_contain_text("no interventions")
    person.goes_to("Overview")
    person.goes_to("Attention")
    person.waits_for_answer()
    expect(in_lens(person, ".badge")).to_have_text(re.compile(r"heads ablated \(L\d\)"))
    in_lens(person, ".reset").click()
    expect(in_lens(person, ".verdict")).to_have_text(before)
    expect(in_lens(person, ".pending")).to_have_count(0)


def test_an_erased_patch_belongs_to_its_image(at_attention):
    person = at_attention
    in_lens(person, "[data-mode=erase]").click()
    box = in_lens(person, "canvas.image").bounding_box()
    person.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(in_lens(person, ".key")).to_be_visible()
    expect(in_lens(person, ".badge")).to_have_text("1 patch masked")
    person.types("image_index", 3)
    expect(in_lens(person, ".badge")).to_have_text("")
    expect(in_lens(person, ".key")).to_be_hidden()
