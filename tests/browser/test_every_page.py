"""What holds on every page: one title, no sideways scroll, accessible, light and dark."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

import explorer
from tests.browser.accessibility import violations
from tests.browser.person import PAGES

CSS = (Path(explorer.__file__).parent / "page.css").read_text("utf-8")
WIDEST = """() => Math.max(document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('[data-testid=stMain]')].map(e => e.scrollWidth))"""


@pytest.mark.parametrize(("scheme", "widths"), [("light", (1280, 420)), ("dark", (420, 1280))])
@pytest.mark.parametrize("title", PAGES)
def test_page_is_whole_and_accessible_on_desktop_and_phone(somebody, server, title, scheme, widths):
    person = somebody(server, width=widths[0], height=900, scheme=scheme)
    person.opens(title, image_source="sketch10")
    person.waits_for_answer()
    page = person.page
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)  # components measure themselves once more
        expect(page.locator("h1")).to_have_count(1)
        assert page.evaluate(WIDEST) <= width
        found += violations(page)
    assert found == []
    sidebar = page.get_by_test_id("stSidebar")
    for key in ("image_source", "image_class", "patch_size", "model"):
        expect(sidebar.locator(f".st-key-{key}")).to_have_count(1)
    assert len(person.title()) > 3
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_the_title_stands_at_the_same_place_on_every_page(person):
    person.opens("Overview", image_source="sketch10")
    person.page.locator(".st-key-start .close").click()  # what is said to who comes the first time
    tops = {}
    for title in PAGES:
        person.goes_to(title)
        person.waits_for_answer()
        tops[title] = person.page.locator("h1").bounding_box()["y"]
    assert len(set(tops.values())) == 1, tops


def test_navigation_leads_from_page_to_page(person):
    person.opens("Models")
    for title in PAGES:
        person.goes_to(title)
        expect(person.page.locator("h1")).to_have_count(1)
        assert person.page.title().startswith(("ViT Explorer", title))


def test_notes_below_a_figure_are_filled_once_they_are_opened(person):
    person.opens("Overview")
    notes = person.page.locator(".st-key-reading_help_overview")
    codes = notes.get_by_test_id("stCode")
    assert codes.count() == 0
    for title in ("How to read this", "Show the code"):
        notes.get_by_text(title).click()
    person.sees("the patch logits are averaged")
    codes.last.wait_for()
    plain, own = codes.all_inner_texts()  # first in plain Keras
    assert "keras" in plain
    assert "def trace" in own


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_disabled_button_keeps_the_color_that_streamlit_gives_it(page, scheme):
    page.emulate_media(color_scheme=scheme)
    button = "<button data-testid=stBaseButton-primary {}><p>Start training</p></button>"
    style = f"<style>:root {{ color-scheme: light dark }} {CSS} button {{ color: gray }}</style>"
    page.set_content(style + button.format("") + button.format("disabled"))
    colors = page.locator("p").evaluate_all("all => all.map(p => getComputedStyle(p).color)")
    enabled = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 26)"}[scheme]
    assert colors == [enabled, "rgb(128, 128, 128)"]
