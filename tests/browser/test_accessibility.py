"""No serious or critical violation that axe-core knows, light and dark, wide and narrow."""

import pytest

import vitcore
from tests.browser.accessibility import violations
from tests.browser.person import PAGES, Person
from tests.browser.view_stage import IMAGE, View, weights

SCHEMES = ("light", "dark")
WIDTHS = (1280, 420)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_view(browser, tmp_path, scheme, width):
    options = {"title": "A title", "prediction": "frog 90%"}
    path = vitcore.show(weights(), IMAGE, prefix=5, **options).save(tmp_path / "view.html")
    how = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with browser.new_context(offline=True, **how) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        view = View(page)
        view.host.locator(".as-table").click()
        view.host.locator("table").nth(1).wait_for()
        view.host.get_by_role("button", name="[reg 2]").click()
        view.settle()
        assert violations(page) == []


def test_what_is_wrong_is_found(page):
    page.set_content("<html lang=en><title>a</title><p style='color: #ccc'>faint</p><input></html>")
    found = [line.split(":")[0] for line in violations(page)]
    assert sorted(found) == ["critical label", "serious color-contrast"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("title", PAGES)
def test_page(browser, server, title, scheme):
    with browser.new_context(color_scheme=scheme) as context:
        person = Person(context.new_page(), server.address)
        person.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        person.opens(title, picture_source="sketch10")
        person.waits_for_answer()
        wide = violations(person.page)
        person.page.set_viewport_size({"width": WIDTHS[1], "height": 900})
        person.page.wait_for_timeout(400)  # components measure themselves once more
        assert wide + violations(person.page) == []
