"""Attention, opened on answers that are there, awaited or refused."""

import dataclasses

import pytest

from explorer.records import ModelOutput
from explorer.results import Failure, Pending
from explorer.views.attention import tabs
from explorer.views.attention.view_state import Stored
from vitcore.config import PRESETS
from vitcore.intervention import Intervention

WAITING = Pending("Starting the model.", "The image can be used meanwhile.", 0.4)


@pytest.fixture(autouse=True)
def no_panels(monkeypatch):
    """What stands below the lens has tests of its own."""
    monkeypatch.setattr(tabs, "draw", lambda *_, **__: None)


def finding(view):
    (said,) = [e.proto.body for e in view.get("html") if 'class="finding"' in e.proto.body]
    return said


def test_the_lens_opens_on_the_head_that_the_finding_is_about(open_view, make_reading, payloads):
    view = open_view("attention/page", make_reading, patch_size=8)
    assert not view.exception
    start = payloads(view)["attention_lens"][0]["start"]
    assert f"Block {start['block'] + 1}, head {start['head'] + 1} " in finding(view)


def test_the_strip_marks_this_stage(open_view, make_reading, payloads):
    header = payloads(open_view("attention/page", make_reading))["pipeline"][0]
    assert (header["mode"], header["now"]) == ("strip", "encoder")


def test_waiting_keeps_every_figure_in_its_place(open_view, payloads):
    view = open_view("attention/page", WAITING)
    assert not view.exception
    header = payloads(view)["attention_lens"][0]
    assert (header["state"], header["what"]) == ("waiting", "Starting the model.")


def test_a_problem_is_said_in_the_figure(open_view, payloads):
    view = open_view(
        "attention/page", Failure("The model stopped.", "Choose another."), config=None
    )
    assert not view.exception
    assert payloads(view)["attention_lens"][0]["state"] == "problem"


def test_a_class_token_can_look_too(open_view, make_reading, payloads):
    view = open_view(
        "attention/page", lambda size: make_reading(size, prefix=1), config=PRESETS["plain"]
    )
    assert not view.exception
    assert payloads(view)["attention_lens"][0]["prefix"] == ["class"]


@pytest.mark.parametrize("size", [2, 3, 32])
def test_every_stop_of_the_slider_opens(open_view, make_reading, size):
    view = open_view(
        "attention/page", lambda p: make_reading(p, blocks=1, heads=1), patch_size=size
    )
    assert not view.exception
    assert len(view.title) == 1


def with_changes(fake_forward, make_reading, view, answer, changes, *, key=None):
    """Run the page again after an intervention; the forward pass then gives `answer`."""
    asked = []

    def forward(selection):
        asked.append(selection.intervention)
        return answer if selection.intervened else make_reading(8)

    fake_forward(forward)
    key = key or view.session_state["selection"].key
    view.session_state["attention_changes"] = Stored("demo", key, changes)
    view.run()
    assert not view.exception
    return asked


def test_changes_are_asked_for_and_shown_beside_the_answer_before(
    open_view, make_reading, payloads, fake_forward
):
    view = open_view("attention/page", make_reading, patch_size=8)
    said = finding(view)
    changes = Intervention(ablated_heads=((1, 2),), patches={3: None})
    now = make_reading(8, logits=range(10))
    asked = with_changes(fake_forward, make_reading, view, now, changes)
    assert asked == [Intervention(), changes]
    header = payloads(view)["attention_lens"][0]
    assert header["changed"] is True
    assert header["changes"] == {"heads": [[1, 2]], "patches": [[3, -1]], "positions": True}
    assert header["answers"]["now"] == pytest.approx(now.probabilities, abs=1e-5)
    assert header["answers"]["before"] != header["answers"]["now"]
    assert finding(view) != said  # it is about what is shown


def test_patches_of_another_image_are_forgotten_and_heads_are_not(
    open_view, make_reading, payloads, fake_forward
):
    view = open_view("attention/page", make_reading, patch_size=8)
    changes = Intervention(ablated_heads=((1, 2),), patches={3: None})
    now = make_reading(8, logits=range(10))
    asked = with_changes(fake_forward, make_reading, view, now, changes, key="another image")
    assert asked == [Intervention(), Intervention(ablated_heads=((1, 2),))]
    assert payloads(view)["attention_lens"][0]["changes"]["patches"] == []


@pytest.mark.parametrize("answer", [WAITING, Failure("The model stopped.", "Choose another.")])
def test_changes_stay_while_their_answer_is_awaited_or_refused(
    open_view, make_reading, payloads, fake_forward, answer
):
    view = open_view("attention/page", make_reading, patch_size=8)
    changes = Intervention(use_pos_embed=False)
    with_changes(fake_forward, make_reading, view, answer, changes)
    header = payloads(view)["attention_lens"][0]
    assert header["what"] == answer.message
    assert header["changes"]["positions"] is False


def test_nothing_is_asked_twice_without_changes(open_view, make_reading, monkeypatch):
    asked = []

    def answer(size) -> ModelOutput:
        asked.append(size)
        return make_reading(size)

    open_view("attention/page", answer, patch_size=8)
    assert asked == [8]


@pytest.mark.parametrize(("registers", "explained"), [(0, False), (4, True)])
def test_registers_are_explained_where_there_are_any(open_view, make_reading, registers, explained):
    config = dataclasses.replace(PRESETS["plain"], registers=registers)
    view = open_view("attention/page", make_reading, config=config)
    view.session_state[f"reading_attention{'_registers' if explained else ''}"] = (
        True  # its notes are unfolded
    )
    view.run()
    assert any("**Registers**" in text.value for text in view.markdown) is explained
