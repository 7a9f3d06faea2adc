"""The main job, done as a person does it: pick a picture, slide the patch size, look."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("title", ["Overview", "Patches"])
def test_sliding_the_patch_size_of_a_frog_makes_64_patches_16(person, title):
    person.opens(title)
    person.chooses("picture_class", "frog")
    person.sees_patches(64)
    person.slides_patch_size(8)
    person.sees_patches(16)
    assert person.query()["patch_size"] == "8"


def test_the_overview_shows_the_prediction(person):
    person.opens(picture_class="frog")
    person.waits_for_answer()
    hero = person.page.locator(".hero")
    expect(hero.locator(".bars li")).to_have_count(10)
    assert person.inks(hero.locator("canvas.picture")) > 50
    assert person.inks(hero.locator("canvas.tokens")) > 50
    expect(person.widget("overview_finding")).to_contain_text(re.compile(r"\d%"))


def test_every_stop_of_the_slider_is_answered(person):
    person.opens()
    for patch_size, patches in ((2, 256), (3, 121), (11, 9), (16, 4), (32, 1)):
        person.slides_patch_size(patch_size)
        person.sees_patches(patches)
        person.waits_for_answer()
    expect(person.page.locator(".figure-state.error")).to_have_count(0)


def test_a_slider_that_is_moved_fast_leaves_the_page_alive(person):
    person.opens(picture_source="sketch10")
    person.waits_for_answer()
    slider = person.widget("patch_size").locator("input[type=range]")
    slider.focus()
    for key, times in (("ArrowRight", 8), ("ArrowLeft", 12), ("ArrowRight", 6)):
        for _ in range(times):
            person.page.keyboard.press(key)
            person.page.wait_for_timeout(30)
    for key in ("End", "Home", "End", "Home", "ArrowRight", "ArrowRight"):
        person.page.keyboard.press(key)
        person.page.wait_for_timeout(30)
    person.sees_patches(64)
    person.waits_for_answer()
    expect(person.page.get_by_text("Connection error")).to_have_count(0)


def test_the_lens_shows_where_a_pinned_patch_looks(person):
    person.opens("Attention")
    person.waits_for_answer()
    lens = person.page.locator(".lens").first
    assert person.inks(lens.locator("canvas.heads")) > 50
    picture = lens.locator("canvas.picture")
    assert person.inks(picture) > 50
    read = person.page.locator(".read").filter(visible=True).first

    size = picture.bounding_box()["width"]
    picture.click(position={"x": 0.94 * size, "y": 0.06 * size})
    person.page.mouse.move(5, 5)
    expect(read).to_contain_text("Query (1, 8)")

    person.slides_patch_size(8)  # the pin stays at its place in the picture
    expect(read).to_contain_text("Query (1, 4)")


def test_a_reload_keeps_the_state(person):
    person.opens()
    person.chooses("picture_class", "ship")
    person.slides_patch_size(8)
    person.sees_patches(16)  # else the finding may still be that of a stop on the way
    person.waits_for_answer()
    finding, query = person.widget("overview_finding").inner_text(), person.query()
    assert re.search(r"\d%", finding)
    assert query["picture_class"] == "ship"

    person.page.reload()
    person.settles()
    person.waits_for_answer()
    assert person.query() == query
    assert person.chosen("picture_class") == "ship"
    assert person.patch_size() == 8
    expect(person.widget("overview_finding")).to_have_text(finding)


def test_the_chosen_things_go_from_page_to_page(person):
    person.opens(picture_class="horse", patch_size=16)
    for title in ("Patches", "Attention", "Overview"):
        person.goes_to(title)
        assert person.chosen("picture_class") == "horse"
        assert person.patch_size() == 16
        person.eventually(lambda: person.query().get("patch_size") == "16")
        person.eventually(lambda: person.query().get("picture_class") == "horse")


def test_a_link_shows_another_person_the_same(somebody, server):
    first = somebody(server).opens("Patches", picture_class="truck", patch_size=6)
    second = somebody(server)
    second.page.goto(first.page.url)
    second.settles()
    assert second.chosen("picture_class") == "truck"
    assert second.patch_size() == 6
    second.sees_patches(25)


def test_real_pictures_are_shown_where_there_are_some(somebody, cifar10_server):
    person = somebody(cifar10_server).opens(picture_source="cifar10", picture_class="ship")
    person.waits_for_answer()
    person.sees_patches(64)
    assert person.query()["picture_class"] == "ship"
    person.slides_patch_size(8)
    person.sees_patches(16)
    assert person.inks(person.page.locator(".hero canvas.picture")) > 300
