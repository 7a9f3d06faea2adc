"""The tours, walked from their first step to their last by arrow key, on the live pages."""

import pytest
from playwright.sync_api import expect

from explorer.tours import NAMES, article_map, tours
from tests.browser.person import Person

# As the card finds what a step speaks of: "key >>> selector" looks into that component's shadow.
FIND = """(path) => {
    const [key, inner] = path.split('>>>').map((part) => part.trim());
    return [...document.querySelectorAll(`.st-key-${CSS.escape(key)}`)].some((outer) => !inner
        || [...outer.querySelectorAll('[data-testid="stBidiComponentIsolated"]')]
            .some((host) => host.shadowRoot?.querySelector(inner)));
}"""
# How many square pixels of the rings lie under the card; null where a ring is not drawn yet.
COVERED = """([tour, rings]) => {
    const all = (selector) => [...tour.querySelectorAll(selector)];
    const drawn = all('.marks .ring').filter((one) => !one.hidden);
    if (drawn.length < rings) return null;
    const card = tour.querySelector('.card').getBoundingClientRect();
    return drawn.map((one) => one.getBoundingClientRect()).reduce((sum, ring) => sum
        + Math.max(0, Math.min(card.right, ring.right) - Math.max(card.left, ring.left))
        * Math.max(0, Math.min(card.bottom, ring.bottom) - Math.max(card.top, ring.top)), 0);
}"""

# Whether a ring begins in the window, and lies on the figure.
INSIDE = """(ring, figure) => {
    const [a, b] = [ring, document.querySelector(figure)].map((one) => one.getBoundingClientRect());
    return a.top > 0 && a.top < innerHeight - 100 && a.top > b.top - 20 && a.top < b.bottom;
}"""


def paths(step):
    ask = step.ask
    beside = (*ask.veil, *filter(None, [ask.picker])) if ask else ()
    return [*step.ring, *beside, *filter(None, [step.figure])]


def covered(card, step):
    """Pixels of the rings under the card; of several rings, some may lie outside the window."""
    return card.evaluate(f"(tour, rings) => ({COVERED})([tour, rings])", min(1, len(step.ring)))


@pytest.mark.parametrize("tour", tours().values(), ids=lambda tour: tour.id)
def test_every_step_finds_what_it_speaks_of_and_the_card_covers_none_of_it(tour, somebody, server):
    person: Person = somebody(server).opens(tour=f"{tour.id}.1")
    page = person.page
    for number, step in enumerate(tour.steps):
        card = page.locator(f".st-key-tour_card .tour[data-step={step.id}]")
        card.locator(".card").wait_for(timeout=90_000)
        for path in paths(step):
            person.eventually(lambda path=path: page.evaluate(FIND, path), seconds=60)
        person.eventually(lambda card=card, step=step: covered(card, step) == 0)
        assert person.query()["tour"] == f"{tour.id}.{number + 1}"
        text = card.locator(".text")
        person.eventually(lambda text=text: "…" not in text.inner_text(), seconds=120)
        if step.ask:
            card.locator(".next:enabled").wait_for(timeout=120_000)
            page.keyboard.press("ArrowRight")
            card.locator(".result dd").first.wait_for()
            assert "…" not in card.locator(".reveal").inner_text()
        if number + 1 < len(tour.steps):
            page.keyboard.press("ArrowRight")
    assert card.locator(".score li").count() == (1 + tour.questions if step.links else 0)


def test_back_leads_to_the_step_before(somebody, server):
    person = somebody(server).opens(tour="vit.2")
    page, steps = person.page, tours()["vit"].steps
    step = ".st-key-tour_card .tour[data-step={}] .card"
    page.locator(step.format(steps[1].id)).wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(step.format(steps[2].id)).wait_for()
    page.go_back()
    page.locator(step.format(steps[1].id)).wait_for()


def test_the_start_offers_all_tours_and_resumes_the_one_that_was_left(somebody, server):
    person = somebody(server).opens()
    start, card = person.widget("start"), person.widget("tour_card")
    doors = start.locator(".doors .tour button")
    doors.first.wait_for()
    titles = [tours()[name].title for name in NAMES]
    assert doors.locator("b").all_inner_texts() == titles
    doors.nth(titles.index(tours()["cnn"].title)).click()
    card.locator(".tour[data-step=start] .card").wait_for()
    person.page.keyboard.press("ArrowRight")
    card.locator(".tour[data-step=convolution] .card").wait_for()
    card.locator(".leave").click()
    person.goes_to("Overview")
    start.get_by_role("button", name="Resume the tour").click()
    card.locator(".tour[data-step=convolution] .card").wait_for()
    assert person.query()["tour"] == "cnn.2"


@pytest.mark.parametrize(
    ("name", "figure"),
    [("Scaling by √dₖ", "self_attention_scaling"), ("Uses of attention", "self_attention_machine")],
)
def test_a_section_of_the_article_opens_at_its_figure(somebody, server, name, figure):
    person = somebody(server).opens()
    page, sections = person.page, article_map()["sections"]
    start = person.widget("start")
    start.locator('.doors [data-door="article"]').click()
    number = [one["name"] for one in sections].index(name)
    start.locator(".map li button").nth(number).click()
    ring = page.locator(".st-key-tour_card .marks .ring").first
    ring.wait_for()
    person.eventually(lambda: page.locator("[data-testid=stMain]").evaluate("one => one.scrollTop"))
    person.eventually(lambda: ring.evaluate(INSIDE, f".st-key-{figure}"))
    if figure == "self_attention_machine":
        cross = person.widget(figure).locator('.source [data-cross="1"]')
        expect(cross).to_have_attribute("aria-pressed", "true")
