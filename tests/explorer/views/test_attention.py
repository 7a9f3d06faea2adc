"""Attention, opened on answers that are there, awaited or refused."""

import pytest

from explorer.readings import Problem, Waiting
from vitcore.config import PRESETS

WAITING = Waiting("Starting the model.", "The picture can be used meanwhile.", 0.4)


def charts(view):
    return view.get("plotly_chart")


def test_the_lens_opens_on_the_head_that_the_title_is_about(open_view, make_reading, payloads):
    view = open_view("attention", make_reading, patch_size=8)
    assert not view.exception
    start = payloads(view)["lens"][0]["start"]
    (title,) = view.title
    assert f"head {start['head'] + 1} of block {start['block'] + 1}" in title.value
    assert len(charts(view)) == 1


def test_the_strip_marks_this_stage(open_view, make_reading, payloads):
    header = payloads(open_view("attention", make_reading))["ribbon"][0]
    assert (header["mode"], header["now"]) == ("strip", "attention")


def test_waiting_keeps_every_figure_in_its_place(open_view, payloads):
    view = open_view("attention", WAITING)
    assert not view.exception
    header = payloads(view)["lens"][0]
    assert (header["state"], header["what"]) == ("waiting", "Starting the model.")
    assert not charts(view)
    assert any("figure-state loading" in element.proto.body for element in view.get("html"))


def test_a_problem_is_said_in_the_figure(open_view, payloads):
    view = open_view("attention", Problem("The model stopped.", "Choose another."), config=None)
    assert not view.exception
    assert payloads(view)["lens"][0]["state"] == "problem"
    assert any("figure-state error" in element.proto.body for element in view.get("html"))


def test_a_class_token_can_look_too(open_view, make_reading, payloads):
    view = open_view(
        "attention", lambda size: make_reading(size, prefix=1), config=PRESETS["plain"]
    )
    assert not view.exception
    assert payloads(view)["lens"][0]["prefix"] == ["class"]


@pytest.mark.parametrize("size", [2, 3, 32])
def test_every_stop_of_the_slider_opens(open_view, make_reading, size):
    view = open_view("attention", lambda p: make_reading(p, blocks=1, heads=1), patch_size=size)
    assert not view.exception
    assert len(view.title) == 1


def test_one_patch_has_no_distances_to_draw(open_view, make_reading):
    view = open_view("attention", make_reading, patch_size=32)
    assert not charts(view)
    assert view.subheader[0].value == "With one patch there is no distance to look over"
