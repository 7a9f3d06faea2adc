"""The main job, done as a person does it: pick an image, slide the patch size, look."""

import re

from playwright.sync_api import expect


def test_sliding_the_patch_size_of_a_frog_makes_64_patches_16(person):
    person.opens()
    person.chooses("image_class", "frog")
    person.sees_patches(64)
    person.waits_for_answer()
    hero = person.page.locator(".hero")
    expect(hero.locator(".bars li")).to_have_count(10)
    assert person.inks(hero.locator("canvas.image")) > 50
    assert person.inks(hero.locator("canvas.tokens")) > 50
    expect(person.widget("overview_finding")).to_contain_text(re.compile(r"\d%"))
    person.slides_patch_size(8)
    person.sees_patches(16)
    assert person.query()["patch_size"] == "8"


def test_every_stop_of_the_slider_is_answered(person):
    person.opens()
    for patch_size, patches in ((2, 256), (3, 121), (11, 9), (16, 4), (32, 1)):
        person.slides_patch_size(patch_size)
        person.sees_patches(patches)
        person.waits_for_answer()
    expect(person.page.locator(".figure-state.error")).to_have_count(0)


def test_a_slider_that_is_moved_fast_leaves_the_page_alive(somebody, server):
    person = somebody(server, motion="no-preference").opens(image_source="sketch10")
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


def test_a_reload_and_a_link_show_the_same(somebody, server):
    person = somebody(server).opens()
    person.chooses("image_class", "ship")
    person.slides_patch_size(8)
    person.sees_patches(16)  # else the finding may still be that of a stop on the way
    person.waits_for_answer()
    finding, query = person.widget("overview_finding").inner_text(), person.query()
    assert re.search(r"\d%", finding)
    assert query["image_class"] == "ship"

    other = somebody(server)
    other.page.goto(person.page.url)
    person.page.reload()
    for each in (person, other):
        each.settles()
        each.waits_for_answer()
        assert each.query() == query
        assert each.chosen("image_class") == "ship"
        assert each.patch_size() == 8
        expect(each.widget("overview_finding")).to_have_text(finding)


def test_the_chosen_things_go_from_page_to_page(person):
    person.opens(image_class="horse", patch_size=16)
    for title in ("Patches", "Attention", "Overview"):
        person.goes_to(title)
        assert person.chosen("image_class") == "horse"
        assert person.patch_size() == 16
        person.eventually(lambda: person.query().get("patch_size") == "16")
        person.eventually(lambda: person.query().get("image_class") == "horse")
