"""The timeline of a training: its script on an empty page."""

import dataclasses
import hashlib

import pytest
from playwright.sync_api import expect

from explorer.components.timeline.component import replay_payload
from explorer.results import Failure
from explorer.selection import Image
from tests.browser.stage import PIXELS, Stage
from tests.explorer.small_trainings import make_film
from tests.vitcore.small_models import small_config

PICTURE = Image(PIXELS, "sketch10", 6, 0, "frog 0", hashlib.sha256(PIXELS).hexdigest())
PRESS = "document.querySelector('.play').click();"
SPOKEN = "document.querySelector('.read').getAttribute('aria-live')"


class Screen(Stage):
    """The film on an empty page."""

    def __init__(self, page):
        super().__init__(page, "timeline")
        self.range = page.locator(".scrub input")

    def moment(self):
        self.settle()
        return int(self.page.locator(".wrap").get_attribute("data-moment"))

    def read(self):
        self.settle()
        return super().read()

    def height(self):
        return self.page.locator(".wrap").bounding_box()["height"]

    def panels(self):
        """What each panel shows, as text that differs where its image does."""
        self.settle()
        return self.page.evaluate(
            """() => [...document.querySelectorAll('canvas.main')].map((one) => one.toDataURL())
            .concat([...document.querySelectorAll('.bars')].map((one) => one.innerText))
            .concat([...document.querySelectorAll('canvas.line')].map((one) => one.toDataURL()))"""
        )


@pytest.fixture
def screen(page):
    return Screen(page)


@pytest.fixture
def film(tmp_path):
    return make_film(tmp_path / "run", PICTURE, patch_size=8, kept=(0, 5, 20))


def test_arrow_keys_on_the_scrubber_move_every_panel(screen, film):
    screen.show(replay_payload(film))
    assert screen.moment() == 40
    last = screen.panels()
    screen.range.press("ArrowLeft")
    assert screen.moment() == 20
    assert all(now != then for now, then in zip(screen.panels(), last, strict=True))
    assert screen.range.get_attribute("aria-valuetext") == "Step 20 / 40, epoch 2.0"
    assert screen.page.locator(".when").inner_text() == "Step 20 / 40, epoch 2.0"
    screen.range.press("Home")
    assert screen.moment() == 0
    screen.range.press("End")
    assert screen.panels() == last


def test_nothing_moves_before_play_is_pressed_and_it_stops_at_the_end(screen, film):
    screen.show(replay_payload(film))
    screen.range.press("Home")
    screen.page.wait_for_timeout(500)
    assert screen.moment() == 0
    # In one go with the press, a frame later: the whole film takes less than half a second.
    said = screen.page.evaluate(
        f"""() => {{ {PRESS} return new Promise((done) => requestAnimationFrame(
            () => requestAnimationFrame(() => done({SPOKEN})))); }}"""
    )
    assert said == "off"
    expect(screen.page.locator(".wrap")).to_have_attribute("data-moment", "40")
    expect(screen.page.get_by_role("button", name="Play")).to_be_visible()
    assert screen.page.evaluate(f"() => {SPOKEN}") == "polite"
    screen.page.evaluate(f"() => {{ {PRESS} {PRESS} }}")  # plays from the start, and is paused
    expect(screen.page.get_by_role("button", name="Play")).to_be_visible()
    paused = screen.moment()
    assert paused < 40
    screen.page.wait_for_timeout(500)
    assert screen.moment() == paused


def test_moment_that_is_not_computed_yet_says_so_and_keeps_the_place(screen, film):
    waiting = dataclasses.replace(
        film, looks=[film.looks[0], None, None, None], waiting="Starting the model."
    )
    screen.show(replay_payload(waiting))
    assert screen.moment() == 0
    height = screen.height()
    screen.range.press("End")
    assert screen.read() == "Starting the model."
    assert screen.page.locator("section.awaited").count() == 2
    assert screen.page.locator(".ticks .known").count() == 1
    assert screen.height() == height
    screen.show(replay_payload(film))
    assert "Starting" not in screen.read()
    assert screen.page.locator("section.awaited").count() == 0
    assert screen.height() == height


def test_moment_without_numbers_says_why(screen, film):
    broken = Failure("The weights at step 5 are NaN or infinite.", "")
    weights, looks = list(film.weights), list(film.looks)
    weights[1] = looks[1] = broken
    screen.show(replay_payload(dataclasses.replace(film, weights=weights, looks=looks)))
    screen.range.press("Home")
    screen.range.press("ArrowRight")
    assert screen.read() == broken.message


def first(film, count):
    """The film as it was when so many moments were kept, and the run lived."""
    past = film.history
    past = dataclasses.replace(past, moments=past.moments[:count], lives=True)
    kept = film.weights[:count], film.looks[:count]
    return dataclasses.replace(film, history=past, weights=kept[0], looks=kept[1])


def test_newest_moment_is_followed_unless_the_person_looks_at_another(screen, film):
    screen.show(replay_payload(first(film, 2)))
    assert screen.moment() == 5
    screen.show(replay_payload(first(film, 3)))
    assert screen.moment() == 20
    screen.range.press("ArrowLeft")
    screen.show(replay_payload(first(film, 4)))
    assert screen.moment() == 5
    screen.page.get_by_role("button", name="Latest").click()
    assert screen.moment() == 40
    screen.show(replay_payload(film))
    expect(screen.page.get_by_role("button", name="Latest")).to_be_hidden()


def test_chosen_block_stays_while_moments_come(screen, film):
    screen.show(replay_payload(first(film, 3)))
    before = screen.panels()[2]
    screen.page.get_by_role("button", name="Block 1").click()
    screen.settle()
    assert screen.panels()[2] != before
    assert "Block 1: strongest key" in screen.read()
    screen.show(replay_payload(film))
    pressed = screen.page.locator(".blocks button[aria-pressed=true]")
    assert pressed.get_attribute("aria-label") == "Block 1"


@pytest.mark.parametrize("patch_size", [2, 32])
@pytest.mark.parametrize("positions", ["none", "sincos2d"])
def test_finest_and_coarsest_grid_and_other_positions_are_drawn(
    screen, tmp_path, patch_size, positions
):
    config = small_config(positions=positions, classes=12)
    film = make_film(tmp_path / "run", PICTURE, patch_size=patch_size, config=config)
    screen.show(replay_payload(film))
    assert screen.page.locator(".scale").is_hidden() is (positions == "none")
    assert ("r = " in screen.page.locator(".s-positions .number").inner_text()) is (
        positions != "none" and patch_size == 2
    )
    assert screen.page.locator(".bars li").count() == 10


@pytest.mark.parametrize("width", [360, 960])
def test_nothing_is_wider_than_its_place(page, tmp_path, width):
    page.set_viewport_size({"width": width + 40, "height": 900})
    screen = Screen(page)
    page.evaluate(
        "(width) => { document.querySelector('#root').style.width = width }", f"{width}px"
    )
    screen.show(replay_payload(make_film(tmp_path / "run", PICTURE, patch_size=8, end=None)))
    screen.settle()
    assert page.locator(".wrap").evaluate("one => one.scrollWidth") <= width
