"""What holds on every page: one title, no sideways scroll, nothing uncaught, light and dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import PAGES


@pytest.mark.parametrize("title", PAGES)
def test_page_has_one_title_the_three_shared_things_and_no_traceback(person, title):
    person.opens(title)
    person.waits_for_answer()
    expect(person.page.locator("h1")).to_have_count(1)
    sidebar = person.page.get_by_test_id("stSidebar")
    for key in ("picture_source", "picture_class", "patch_size", "model"):
        expect(sidebar.locator(f".st-key-{key}")).to_have_count(1)
    assert len(person.title()) > 3
    expect(person.page.get_by_test_id("stException")).to_have_count(0)
    expect(person.page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize("title", PAGES)
def test_page_does_not_scroll_sideways_on_a_phone(somebody, server, title):
    person = somebody(server, width=420, height=900).opens(title)
    person.waits_for_answer()
    person.page.wait_for_timeout(400)  # components measure themselves once more after painting
    widest = person.page.evaluate(
        """() => Math.max(document.documentElement.scrollWidth,
            ...[...document.querySelectorAll('[data-testid=stMain]')].map(e => e.scrollWidth))"""
    )
    assert widest <= 420


def test_navigation_leads_from_page_to_page(person):
    person.opens("Models")
    for title in PAGES:
        person.goes_to(title)
        expect(person.page.locator("h1")).to_have_count(1)
        assert person.page.title().startswith(("ViT Explorer", title))


def test_notes_below_a_figure_are_filled_once_they_are_opened(person):
    person.opens("Overview")
    notes = person.page.locator(".st-key-reading_help_overview")
    code = notes.get_by_test_id("stCode")
    assert code.count() == 0
    for title in ("How to read this", "Show the code"):
        notes.get_by_text(title).click()
    person.sees("the patch logits are averaged")
    code.wait_for()
    assert "def trace" in code.inner_text()
