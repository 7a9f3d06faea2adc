"""A page in Chinese: no English sentence on it, no sideways scroll; the switch, and links."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.person import PAGES
from tests.browser.test_every_page import WIDEST
from vitcore import checkpoints

# All that is shown or read out, shadow trees included; but code, cited titles and names of models.
TEXTS = """() => {
    const found = [], walk = (node) => {
        if (node.nodeType === 3) { if (node.data.trim()) found.push(node.data.trim()); return; }
        if (node.nodeType !== 1 || node.matches('code, pre, cite, style, script')) return;
        for (const name of ['aria-label', 'title', 'alt', 'placeholder'])
            if (node.hasAttribute(name)) found.push(node.getAttribute(name));
        for (const child of node.shadowRoot?.childNodes ?? []) walk(child);
        for (const child of node.childNodes) walk(child);
    };
    for (const id of ['stMain', 'stSidebarContent', 'stTopNavLinkContainer'])
        for (const node of document.querySelectorAll(`[data-testid=${id}]`)) walk(node);
    return found;
}"""
# What Streamlit's own controls say, and what a model's card says in its maker's words.
OF_OTHERS = re.compile(
    r"(Selected .*\. )?Choose an option|Copy to clipboard|Navigate to home page|Download plot as.*"
)
CARD = json.dumps(checkpoints.card("flexi-cifar10"), ensure_ascii=False)
ENGLISH = re.compile(r"[A-Za-z]{3,}(?:[ ,]+[A-Za-z]{2,}){2,}")  # three words in a row


@pytest.mark.parametrize("title", PAGES)
def test_a_page_in_chinese_has_no_english_sentence(somebody, server, title):
    person = somebody(server, width=420)
    person.opens(title, lang="zh", image_source="sketch10")
    person.waits_for_answer()
    page = person.page
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    assert page.evaluate(WIDEST) <= 420
    texts = page.evaluate(TEXTS)
    assert sum(bool(re.search(r"[\u4e00-\u9fff]", text)) for text in texts) > 20
    ours = [text for text in texts if not OF_OTHERS.fullmatch(text) and text not in CARD]
    assert [text for text in ours if ENGLISH.search(text)] == []


def test_the_switch_keeps_what_is_selected(person):
    person.opens("Attention", image_source="sketch10", image_class="cat", pinned="2.3-of-8")
    person.waits_for_answer()
    person.page.get_by_role("link", name="简体中文").click()
    expect(person.page.locator("h1")).to_have_text("注意力")
    person.page.wait_for_url(re.compile(r"lang=zh"))
    selected = person.widget("image_class").locator("input")
    expect(selected).to_have_value("猫")
    assert "pinned=2.3-of-8" in person.page.url
    person.page.get_by_role("link", name="English").click()
    expect(person.page.locator("h1")).to_have_text("Attention")
    expect(selected).to_have_value("cat")


def test_a_link_is_read_in_either_language(person):
    person.opens("Patches", lang="zh", image_source="sketch10", image_class="cat")
    expect(person.widget("image_class").locator("input")).to_have_value("猫")
    person.opens("Patches", lang="en", image_source="sketch10", image_class="猫")
    expect(person.widget("image_class").locator("input")).to_have_value("cat")


def test_a_link_into_a_tour_keeps_its_language(person):
    person.opens("Overview", tour="vit.3", lang="zh", image_source="sketch10")
    person.page.wait_for_url(re.compile(r"/patches.*lang=zh"))
    expect(person.page.locator("h1")).to_have_text("图像块嵌入")
