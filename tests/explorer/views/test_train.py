"""The Train page, with a training program that is over in a moment."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import gathering, jobs, services
from explorer.readings import Waiting
from explorer.state import Picture

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "train.py"
FRAME = "figure-state"

PROGRAM = """
import os, struct, sys, time
from pathlib import Path
from vitcore.training.control import Control, hold_lifeline
from vitcore.training.events import EventLog

given = dict(a[2:].split("=", 1) for a in sys.argv[2:])
folder, mode = Path(given["run-dir"]), os.environ.get("FAKE_MODE", "run")
if mode == "broken":
    sys.exit("error: no module named keras")
log, control = EventLog(folder), Control(folder)
hold_lifeline(control)
state, reason = "finished", ""
while mode == "slow" and control.look() != "stop":
    time.sleep(0.01)
log("start", steps=20, steps_per_epoch=10, parameters=1)
for step in range(1, 21):
    if control.gate() == "stop":
        state = "stopped"
        break
    log("step", step=step, epoch=step / 10, loss=2 / step, accuracy=step / 20,
        learning_rate=1e-3, pictures_per_second=812.4)
    if step == 10:
        log("validation", step=10, epoch=1.0, loss=1.0, accuracy=0.612, top5=0.9)
    while mode == "wait" and step == 12 and control.look() != "stop":
        time.sleep(0.01)
    if mode == "diverge" and step == 12:
        state, reason = "failed", "The loss became nan at step 13; try a tenth of that rate."
        break
(folder / "config.json").write_text("{}")
(folder / "weights.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
log("end", state=state, reason=reason, step=step)
"""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The jobs of a server whose trainings are short."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    server = jobs.Jobs(program=[sys.executable, str(program)])
    monkeypatch.setattr(jobs, "server_jobs", lambda: server)
    yield server
    for run in server.runs():
        server.end_now(run.name)
    server.close()


@pytest.fixture
def view(server, monkeypatch):
    """The page as it opens on a machine without CIFAR-10."""
    monkeypatch.setattr(services, "reading", lambda *_, **__: Waiting("Starting.", "Soon."))
    monkeypatch.setattr(gathering.Gathering, "found", property(lambda self: False))
    view = AppTest.from_file(VIEW, default_timeout=20)
    pixels = np.zeros((32, 32, 3), np.uint8)
    view.session_state["chosen_picture"] = Picture(pixels, "sketch10", 0, "airplane 0", "key")
    return view.run()


def texts(view):
    frames = [block.proto.body for block in view.get("html")]
    return " ".join([*(block.value for block in view.markdown), *frames])


def keys(view):
    return {button.key for button in view.button}


def until(view, server, *states):
    deadline = time.monotonic() + 15
    while server.progress(server.runs()[0].name).state not in states:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return view.run()


def started(view):
    return view.button(key="train_start").click().run()


def test_without_a_run_it_says_what_to_do(view):
    assert not view.exception
    assert [title.value for title in view.title] == ["Train a model and watch it learn"]
    assert "No run yet." in texts(view)
    assert "train_stop" not in keys(view)


def test_it_opens_on_a_short_run_that_needs_no_download(view):
    assert view.selectbox(key="train_data").value == "sketch10"
    assert view.selectbox(key="train_preset").value == "tiny"
    assert view.radio(key="train_recipe").value == "standard"
    assert view.number_input(key="train_epochs").value == 5
    assert view.number_input(key="train_seed").value == 0
    assert view.number_input(key="train_learning_rate").value == 1e-3


def test_each_recipe_brings_its_learning_rate(view):
    view.radio(key="train_recipe").set_value("article").run()
    assert view.number_input(key="train_learning_rate").value == 2e-3


def test_what_was_chosen_is_what_is_trained(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    view.selectbox(key="train_preset").set_value("plain")
    view.number_input(key="train_epochs").set_value(2)
    view.number_input(key="train_seed").set_value(7)
    view.radio(key="train_recipe").set_value("article").run()
    started(view)
    config = server.runs()[0].config
    chosen = (config.data, config.preset, config.recipe, config.epochs, config.seed)
    assert chosen == ("sketch10", "plain", "article", 2.0, 7)
    assert config.learning_rate == 2e-3
    assert config.augmentation == "article"


def test_before_the_first_point_it_says_what_it_is_doing(view, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "slow")
    started(view)
    assert not view.exception
    assert "importing TensorFlow, building the model" in texts(view)
    assert view.title[0].value.endswith("is starting")


def test_a_run_in_progress_shows_curves_speed_and_stop(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    started(view)
    until(view, server, "running")
    deadline = time.monotonic() + 10
    while server.progress(server.runs()[0].name).run.step < 12:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    view.run()
    assert not view.exception
    name = server.runs()[0].name
    assert view.title[0].value == (
        f"{name}: epoch 1.2 of 2, 61% of the pictures held back are right (guessing: 10%)"
    )
    assert "epoch 1.2 / 2 · 812 pictures/s · 00:0" in texts(view)
    assert len(view.get("plotly_chart")) == 3
    assert "train_stop" in keys(view)


def test_a_stop_ends_the_run_and_its_result_can_be_used(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    started(view)
    until(view, server, "running")
    view.button(key="train_stop").click().run()
    until(view, server, "stopped")
    assert "was stopped at epoch 1.2 of 2" in view.title[0].value
    assert "stopped" in texts(view)
    view.button(key="train_use").click().run()
    assert view.session_state["model"] == server.runs()[0].name
    assert "The model in use" in texts(view)


def test_a_finished_run_says_what_it_learned(view, server):
    started(view)
    until(view, server, "finished")
    name = server.runs()[0].name
    assert (
        view.title[0].value
        == f"{name} learned: 61% of the pictures held back are right (guessing: 10%)"
    )
    assert "finished" in texts(view)
    assert "train_use" in keys(view)
    assert len(view.get("plotly_chart")) == 3


def test_a_run_that_failed_says_why_and_what_to_do(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "diverge")
    started(view)
    until(view, server, "failed")
    assert not view.exception
    assert "The loss became nan at step 13; try a tenth of that rate." in texts(view)
    assert 'role="alert"' in texts(view)
    assert len(view.get("plotly_chart")) == 3


def test_a_process_that_cannot_begin_says_why(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "broken")
    started(view)
    until(view, server, "interrupted")
    assert view.title[0].value.endswith("could not begin")
    assert "No module named keras." in texts(view)


def test_a_third_run_is_refused_in_the_form(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "slow")
    for _ in range(3):
        started(view)
    assert len(server.runs()) == 2
    assert "2 runs are training already" in texts(view)


@pytest.mark.parametrize("rate", [0.0, 3.0])
def test_a_learning_rate_that_cannot_be_is_refused_with_the_rule(view, server, rate):
    view.number_input(key="train_learning_rate").set_value(rate).run()
    assert f"Learning rate must be above 0 and at most 1, got {rate}." in texts(view)
    started(view)
    assert server.runs() == []


def test_no_epochs_cannot_be_typed(view):
    assert view.number_input(key="train_epochs").min > 0


def test_missing_pictures_are_refused_with_what_to_do(view, server):
    view.selectbox(key="train_data").set_value("cifar10").run()
    assert "CIFAR-10 is not on this machine." in texts(view)
    assert "Choose sketch10" in texts(view)
    started(view)
    assert server.runs() == []


def test_a_reload_shows_the_same_run(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    started(view)
    until(view, server, "running")
    again = AppTest.from_file(VIEW, default_timeout=20)
    again.session_state["chosen_picture"] = view.session_state["chosen_picture"]
    again.run()
    assert again.selectbox(key="train_run").value == server.runs()[0].name
    assert "train_stop" in keys(again)
