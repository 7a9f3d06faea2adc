"""The lens as one file: downloaded on the Attention page, opened without a network."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.view_stage import View

ASKED = {
    "image_source": "sketch10",
    "pinned": "3.6",
    "grid": "8",
    "head": "4.2",
    "direction": "looked-at",
    "off": "2.1",
    "patches": "1.1-x 2.2-5.5 5.5-2.2",
    "attention_panel": "Take it along",
}


def numbers(tables):
    """The shares in each table, cell by cell."""
    return [re.findall(r"(<?[\d.]+)%", table.inner_text()) for table in tables]


@pytest.fixture
def downloaded(person, tmp_path):
    """The Attention page with interventions, and the file that it gives."""
    person.opens("Attention", **ASKED)
    person.waits_for_answer()
    expect(person.page.locator(".lens .badge")).to_contain_text("1 patch masked")
    button = person.page.locator(".st-key-attention_lens_html").get_by_role("button")
    with person.page.expect_download() as download:
        button.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return person, path


def test_the_file_shows_what_the_page_shows(downloaded, offline_page):
    person, path = downloaded
    assert re.fullmatch(r"flexi-cifar10-.*-p4-lens\.html", path.name)
    lens = person.page.locator(".lens")
    lens.locator(".as-table").click()
    lens.locator("table").nth(1).wait_for()
    predicted = re.findall(r"(\w+) ([<>\d.]+%)", lens.locator(".verdict").inner_text())
    assert len(predicted) == 2  # before and now
    offline_page.goto(path.as_uri())
    view = View(offline_page)
    assert view.which() == "Block 4, head 2"
    assert view.read().startswith("Key (3, 6), pinned.")
    note = view.host.locator(".finding").inner_text()
    assert note == "Ablated: L2H1 · Masked: (1, 1) · Swapped: (2, 2) ↔ (5, 5)"
    prediction = view.host.locator(".prediction").inner_text()
    assert re.findall(r"(\w+) ([<>\d.]+%)", prediction) == predicted
    view.host.locator(".as-table").click()
    view.host.locator("table").nth(1).wait_for()
    in_app, in_file = (numbers(one.locator("table").all()) for one in (lens, view.host))
    assert len(in_app[0]) == 64
    assert in_file[0] == in_app[0]
    by_block = [in_file[1][5 * block : 5 * block + 3] for block in range(6)]  # 3 of 5 are heads
    assert sum(by_block, []) == in_app[1]
