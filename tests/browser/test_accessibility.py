"""The view of a notebook has no serious or critical violation that axe-core knows."""

import pytest

import vitcore
from tests.browser.accessibility import violations
from tests.browser.view_stage import IMAGE, View, weights


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 420)])
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
