"""The Train page, with a training program that is over in a moment."""

import json
import re
import shutil
import sys
import time
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import vitcore
from explorer import client, visitors
from explorer.data import cifar10_setup
from explorer.results import Failure, Pending
from explorer.runs import jobs, rights
from explorer.runs.rights import Visitor, set_owner
from explorer.timeline import section
from explorer.training_ui import controls, form, widget_sync
from explorer.training_ui.hyperparameters import SWITCHES
from vitcore.config import PATCH_SIZES, PRESETS, RECIPES
from vitcore.initialisation import parameter_count
from vitcore.training.runs import write_description

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "train.py"
FRAME = "figure-state"
CARD = "checkpoints/bundled/article-cifar10/card.json"

PROGRAM = """
import json, os, struct, sys, time
from pathlib import Path
from vitcore.config import PRESETS
from vitcore.training.control import Control, watch_parent
from vitcore.training.events import EventLog

given = dict(a[2:].split("=", 1) for a in sys.argv[2:] if "=" in a)
folder, mode = Path(given["run-dir"]), os.environ.get("FAKE_MODE", "run")
if mode == "broken":
    sys.exit("error: no module named keras")
log, control = EventLog(folder), Control(folder)
watch_parent(control)
state, reason = "finished", ""
while mode == "slow" and control.look() != "stop":
    time.sleep(0.01)
log("start", steps=20, steps_per_epoch=10, parameters=1)
for step in range(1, int(os.environ.get("FAKE_STEPS", "20")) + 1):
    say = lambda what: log(what, step=step - 1)
    if control.gate(epoch_ends=step == 11, say=say) == "stop":
        state = "stopped"
        break
    log("step", step=step, epoch=step / 10, loss=2 / step, accuracy=step / 20,
        learning_rate=1e-3, images_per_second=812.4)
    if step == 10:
        log("validation", step=10, epoch=1.0, loss=1.0, accuracy=0.612, top5=0.9)
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    while mode == "wait" and step == 12 and control.look() == "run":
        time.sleep(0.01)
    if mode == "crash" and step == 12:
        state, reason = "failed", "The disk is full."
        break
    if mode == "diverge" and step == 12:
        state, reason = "failed", "Loss is NaN at step 13."
        break
(folder / "config.json").write_text(json.dumps({"model": PRESETS["tiny"].to_dict()}))
(folder / "weights.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
cause = {"cause": "diverged"} if mode == "diverge" else {}
log("end", state=state, reason=reason, step=step, **cause)
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
def view(server, monkeypatch, select):
    """The page as it opens on a machine without CIFAR-10."""
    monkeypatch.setattr(client, "forward", lambda *_, **__: Pending("Starting.", "Soon."))
    monkeypatch.setattr(section, "section", lambda run, **_: None)  # has tests of its own
    monkeypatch.setattr(cifar10_setup.Gathering, "found", property(lambda self: False))
    monkeypatch.setattr(controls, "_ONE_PRESS", 0.0)  # tests are quick
    view = AppTest.from_file(VIEW, default_timeout=20)
    view.session_state["selection"] = select(4)
    return view.run()


def texts(view):
    frames = [block.proto.body for block in view.get("html")]
    return " ".join([*(block.value for block in view.markdown), *frames])


def status(view):
    """The line below the title."""
    (said,) = re.findall(r'<p class="finding" role="status">(.*?)&nbsp;</p>', texts(view))[:1]
    return said.replace("\u00a0", " ")


def drawn(view):
    """How many figures of curves stand on the page."""
    parts = view.get("bidi_component")
    return sum(part.proto.component_name == "vit_explorer.curves" for part in parts)


def keys(view):
    return {button.key for button in view.button}


def until(view, server, *states):
    deadline = time.monotonic() + 15
    while server.progress(server.runs()[0].name).state not in states:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return view.run()


def press(view, server, what):
    """Press a button of the newest run."""
    return view.button(key=f"train_{what}_{server.runs()[0].name}").click().run()


def started(view):
    return view.button(key="train_start").click().run()


def test_quick_presses_start_one_run(view, server, monkeypatch):
    monkeypatch.setattr(controls, "_ONE_PRESS", 60.0)
    for _ in range(3):
        started(view)
    assert len(server.runs()) == 1
    assert not server.queue()
    monkeypatch.setattr(controls, "_ONE_PRESS", 0.0)
    started(view)
    assert len(server.runs()) + len(server.queue()) == 2


def test_a_process_is_made_ready_once_the_model_has_answered(view, server, monkeypatch):
    made = []
    monkeypatch.setattr(server, "prepare", lambda: made.append(True))
    view.run()
    assert not made
    monkeypatch.setattr(client, "forward", lambda *_, **__: Failure("It broke.", "Try again."))
    view.run()
    assert made


def test_an_image_of_the_dataset_is_offered_before_a_run_starts(view):
    assert view.selectbox(key="train_data").value == "sketch10"
    selection = view.session_state["selection"]
    for source in ("sketch10", "cifar10"):
        image = replace(selection.image, source=source)
        view.session_state["selection"] = replace(selection, image=image)
        view.run()
        assert not view.exception
        assert ("train_form_familiar" in keys(view)) == (source == "cifar10")
    view.button(key="train_form_familiar").click().run()
    assert view.session_state["image_source"] == "sketch10"


def test_too_few_steps_are_counted_before_a_run_starts(view):
    view.number_input(key="train_epochs").set_value(0.25).run()
    steps = round(0.25 * (10_000 // int(view.session_state["train_batch_size"])))
    assert f". {steps} steps:" in texts(view)
    view.number_input(key="train_epochs").set_value(5.0).run()
    assert "steps:" not in texts(view)


def test_without_a_run_it_says_what_to_do(view):
    assert not view.exception
    assert [title.value for title in view.title] == ["Training"]
    assert status(view) == ""
    assert "figure-state empty" in texts(view)
    assert not any(key.startswith("train_stop") for key in keys(view))


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
    assert "figure-state loading" in texts(view)
    assert "· starting ·" in status(view)


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
    assert view.title[0].value == "Training"
    for part in (name, "epoch 1.2 / 2", "61%", "812 images/s", "0:0"):
        assert part in status(view)
    assert drawn(view) == 3
    assert {f"train_{what}_{name}" for what in ("pause", "step", "epoch", "stop")} <= keys(view)


def test_a_run_that_cannot_be_ended_from_here_says_why(view, server, tmp_path):
    write_description(tmp_path / "runs" / "quiet-heron", RECIPES["standard"])  # by this process
    server.stop("quiet-heron")
    view.run()
    press(view, server, "end")
    assert "quiet-heron was not stopped" in texts(view)


def test_a_finished_run_says_what_it_learned(view, server):
    started(view)
    until(view, server, "finished")
    name = server.runs()[0].name
    assert status(view).startswith(f"{name} · finished · ")
    assert "61%" in status(view)
    assert f"train_use_{name}" in keys(view)
    assert drawn(view) == 3


def test_where_training_is_off_nothing_can_be_started_and_one_place_asks_for_the_key(
    view, server, monkeypatch
):
    started(view)
    until(view, server, "running", "finished")
    (run,) = server.runs()
    server.stop(run.name)
    until(view, server, "stopped", "finished")
    monkeypatch.setattr(
        visitors, "me", lambda: Visitor("ben", operates=bool(st.session_state.get("teacher")))
    )
    monkeypatch.setenv(rights.OFF, "training")
    monkeypatch.setenv(visitors.KEY, "long enough")
    monkeypatch.setattr(server, "can_resume", lambda _: True)
    set_owner(run.folder, "ben")
    view.run()
    for what in ("goon", "restart"):
        button = view.button(key=f"train_{what}_{run.name}")
        assert button.disabled
        assert button.help == rights.DISABLED
    set_owner(run.folder, "anna")
    view.run()
    assert not view.exception
    assert "started by another visitor" in texts(view)
    asked = [field.key for field in view.text_input if field.key.endswith("_teacher_key")]
    assert asked == ["train_form_teacher_key"]
    view.text_input(key="train_form_teacher_key").set_value("long enough").run()
    assert texts(view).count("You can change every run until you reload the page.") == 1
    assert not view.button(key=f"train_restart_{run.name}").disabled


def test_a_run_that_failed_says_why_and_what_to_do(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "diverge")
    started(view)
    until(view, server, "failed")
    assert not view.exception
    assert "diverged at step 13" in status(view)
    assert 'role="alert"' in texts(view)
    assert drawn(view) == 3


def test_a_process_that_cannot_begin_says_why(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "broken")
    started(view)
    until(view, server, "interrupted")
    assert "failed to start" in status(view)
    assert "No module named keras." in texts(view)


def test_a_third_run_waits_shows_its_place_and_can_be_taken_out(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "slow")
    for _ in range(3):
        started(view)
    assert len(server.runs()) == 2
    assert "Queued (1): tiny, sketch10, 5 epochs, seed 0" in texts(view)
    (waits,) = server.queue()
    view.button(key=f"train_queue_{waits.ticket}").click().run()
    assert server.queue() == ()
    assert "Queued" not in texts(view)


def test_a_run_whose_turn_has_come_is_shown(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    started(view)
    first = until(view, server, "running").selectbox(key="train_run").value
    started(view)
    assert view.selectbox(key="train_run").value == first
    view.button(key=f"train_stop_{first}").click().run()
    turn_comes(server, runs=2)
    view.run()
    assert view.selectbox(key="train_run").value == server.runs()[0].name != first


def test_a_run_whose_turn_has_come_leaves_a_chosen_run_on_the_page(view, server, monkeypatch):
    monkeypatch.setattr(widget_sync, "_SECONDS", 0.0)  # nobody chooses that soon after a start
    started(view)
    old = until(view, server, "finished").selectbox(key="train_run").value
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    started(view)
    until(view, server, "running")
    started(view)  # waits
    view.selectbox(key="train_run").set_value(old).run()
    server.stop(server.runs()[0].name)
    turn_comes(server, runs=3)
    for _ in range(2):
        view.run()
        assert view.selectbox(key="train_run").value == old


def turn_comes(server, *, runs):
    """Wait until so many runs have begun and none waits."""
    deadline = time.monotonic() + 15
    while len(server.runs()) < runs or server.queue():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("mode", "first"), [("crash", "goon"), ("run", "use")])
def test_the_first_button_of_an_ended_run_is_what_comes_next(
    view, server, monkeypatch, mode, first
):
    monkeypatch.setenv("FAKE_MODE", mode)
    started(view)
    until(view, server, "failed", "finished")
    name = server.runs()[0].name
    # As a run that saved while it trained: only then it could go on.
    (server.runs()[0].folder / "state.safetensors").write_bytes(b"")
    view.run()
    primary = [one.key for one in view.button if one.proto.type == "primary"]
    assert f"train_{first}_{name}" in primary
    assert len([key for key in primary if key.endswith(name)]) == 1


@pytest.mark.parametrize(
    "field, value, why",
    [
        ("learning_rate", 0.0, "Learning rate must be above 0 and at most 1e30, got 0."),
        ("epochs", 0.0, "Epochs must be above 0 and at most 100,000, got 0."),
        ("epochs", 1e12, "Epochs must be above 0 and at most 100,000, got 1,000,000,000,000."),
        ("epochs", None, "Epochs must be a number."),
        ("learning_rate", None, "Learning rate must be a number."),
        ("weight_decay", 1.5, "Weight decay must be between 0 and 1, got 1.5."),
        ("warmup_ratio", 1.0, "must be at least 0 and less than 1, got 1."),
        (
            "validation_split",
            1e-5,
            "must leave at least 10 images for validation, got 0 of 10,000.",
        ),
        ("seed", -1, "Seed must be an integer &gt;= 0, got -1."),
        ("seed", 1.5, "Seed must be an integer &gt;= 0, got 1.5."),
        ("batch_size", 0, "Batch size must be an integer &gt;= 1, got 0."),
        ("batch_size", 10_001, "must be at most the 10,000 images of an epoch, got 10,001."),
        ("validation_split", 0.0, "Validation split must be above 0 and below 1, got 0."),
        ("validation_split", 1.0, "Validation split must be above 0 and below 1, got 1."),
        ("early_stopping", -1, "must be an integer &gt;= 0, got -1."),
        ("plateau_factor", 1.0, "must be above 0 and below 1, got 1."),
        ("seed", 1e300, "Seed must be an integer &lt;= 9,007,199,254,740,991, got 1e300."),
        ("depth", 65, "Blocks must be an integer &lt;= 64, got 65."),
        ("depth", 1024, "Blocks must be an integer &lt;= 64, got 1,024."),
        ("depth", 5000, "Blocks must be an integer &lt;= 64, got 5,000."),
        ("depth", 100_000, "Blocks must be an integer &lt;= 64, got 100,000."),
        ("num_heads", 3, "Heads must divide width"),
    ],
)
def test_what_cannot_be_is_refused_in_the_form_with_the_rule(view, server, field, value, why):
    view.number_input(key=f"train_{field}").set_value(value).run()
    lines = [block.proto.body for block in view.get("html") if why in block.proto.body]
    # Under the form, and beside the field where that stands under Advanced.
    assert len(lines) == (1 if field in ("epochs", "seed") else 2)
    started(view)
    assert server.runs() == []
    assert not view.exception


def test_a_rate_that_is_far_too_high_is_tried_and_a_usable_one_offered(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "diverge")
    view.number_input(key="train_learning_rate").set_value(1e9).run()
    started(view)
    until(view, server, "failed")
    name = server.runs()[0].name
    assert server.runs()[0].config.learning_rate == 1e9
    assert "Retry with 0.001" in texts(view)
    assert f"train_restart_{name}" not in keys(view)  # it would fail again
    press(view, server, "again")
    assert server.runs()[0].config == server.runs()[1].config.replace(learning_rate=1e-3)
    assert view.number_input(key="train_learning_rate").value == 1e-3


def test_every_switch_says_what_it_does_and_is_obeyed(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    for switch in SWITCHES.values():
        assert escape(switch.line) in texts(view)
    view.selectbox(key="train_pooling").set_value("class")
    view.selectbox(key="train_positions").set_value("sincos2d")
    view.selectbox(key="train_patch_sizes").set_value("flexible")
    view.selectbox(key="train_augmentation").set_value("none")
    view.number_input(key="train_early_stopping").set_value(3).run()
    started(view)
    config = server.runs()[0].config
    assert (config.pooling, config.positions, config.patch_sizes) == (
        "class",
        "sincos2d",
        PATCH_SIZES,
    )
    assert (config.augmentation, config.early_stopping) == ("none", 3)


def test_the_sizes_of_a_model_can_be_chosen_and_its_parameters_follow(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    assert f"{parameter_count(PRESETS['tiny']):,} parameters" in texts(view)
    for name, value in {"num_heads": 1, "depth": 2, "width": 32, "mlp_dim": 64}.items():
        view.number_input(key=f"train_{name}").set_value(value)
    view.run()
    chosen = replace(PRESETS["tiny"], num_heads=1, depth=2, width=32, mlp_dim=64)
    assert f"{parameter_count(chosen):,} parameters" in texts(view)
    started(view)
    assert server.runs()[0].config.model_config() == chosen


def test_another_model_brings_its_own_sizes(view):
    view.number_input(key="train_depth").set_value(2).run()
    view.selectbox(key="train_preset").set_value("flexi").run()
    assert view.number_input(key="train_depth").value == PRESETS["flexi"].depth
    assert f"{parameter_count(PRESETS['flexi']):,} parameters" in texts(view)


def test_a_recipe_leaves_the_sizes_as_they_were_chosen(view):
    view.number_input(key="train_depth").set_value(2).run()
    view.radio(key="train_recipe").set_value("article").run()
    assert view.number_input(key="train_depth").value == 2


def test_the_articles_run_is_one_click_away(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    view.button(key="train_article").click().run()
    started(view)
    assert server.runs()[0].config == RECIPES["article"].replace(data="sketch10")
    assert escape(form._ARTICLE_ON_SKETCHES) in texts(view)


def test_the_articles_result_is_said_before_hours_are_spent(view):
    assert "Bundled result" not in texts(view)
    view.button(key="train_article").click().run()
    card = json.loads((Path(vitcore.__file__).parent / CARD).read_text())
    (said,) = re.findall(r"Bundled result: article-cifar10: ([\d.]+)%", texts(view))
    assert float(said) == pytest.approx(100 * card["accuracy"]["cifar10"]["4"], abs=0.051)


def test_the_help_names_the_optimizer_of_the_run_that_is_shown(view, server):
    view.session_state["reading_training_curves"] = True  # its notes are unfolded
    for named in ("AdamW (", "Adam ("):
        started(view)
        until(view, server, "finished")
        assert f"minimized with {named}" in texts(view)
        view.button(key="train_article").click().run()


def test_another_model_after_the_articles_run_comes_with_the_usual_recipe(view):
    view.button(key="train_article").click().run()
    view.selectbox(key="train_preset").set_value("tiny").run()
    assert view.radio(key="train_recipe").value == "standard"
    view.radio(key="train_recipe").set_value("article").run()
    view.selectbox(key="train_preset").set_value("plain").run()
    assert view.radio(key="train_recipe").value == "article"  # it was chosen for itself


def test_the_articles_run_takes_its_data_where_they_are(view, monkeypatch):
    monkeypatch.setattr(cifar10_setup.Gathering, "found", property(lambda self: True))
    view.run()
    view.button(key="train_article").click().run()
    assert view.selectbox(key="train_data").value == "cifar10"
    assert "40,000 images per epoch" in texts(view)
    assert escape(form._ARTICLE_ON_SKETCHES) not in texts(view)


def test_the_same_run_again_is_said_to_be_so_and_allowed(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "slow")
    started(view)
    first = server.runs()[0].name
    assert f"Identical to {first}" in texts(view)
    started(view)
    started(view)
    assert "An identical run is queued." in texts(view)
    view.number_input(key="train_seed").set_value(8).run()
    assert "dentical" not in texts(view)


def test_a_short_run_says_that_its_estimate_is_rough(view):
    view.button(key="train_length_30").click().run()
    assert view.number_input(key="train_epochs").value > 0
    assert "Estimated time: 30 s (rough" in texts(view)


def test_a_short_run_goes_by_what_the_last_one_took(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_STEPS", "60")
    monkeypatch.setenv("FAKE_SECONDS", "0.01")
    started(view)
    until(view, server, "finished")
    view.button(key="train_length_120").click().run()
    assert "Estimated time: 2 min (at the speed of " in texts(view)


def test_a_click_meant_for_one_run_never_reaches_another(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    started(view)
    first = until(view, server, "running").selectbox(key="train_run").value
    started(view)
    second = view.selectbox(key="train_run").value
    assert first != second
    assert f"train_stop_{first}" not in keys(view)
    assert f"train_stop_{second}" in keys(view)


def test_runs_that_differ_are_compared_by_what_differs(view, server):
    started(view)
    until(view, server, "finished")
    first = server.runs()[0].name
    view.number_input(key="train_seed").set_value(5)
    view.number_input(key="train_learning_rate").set_value(2e-3).run()
    started(view)
    until(view, server, "finished")
    view.multiselect(key="train_beside").set_value([first]).run()
    shown = texts(view)
    assert "<th scope='row'>Seed</th><td>5</td><td>0</td>" in shown
    assert "<th scope='row'>Learning rate</th><td>0.002</td><td>0.001</td>" in shown
    assert "Batch size</th>" not in shown


def test_a_run_is_renamed_and_stays_the_one_shown(view, server):
    started(view)
    until(view, server, "finished")
    name = server.runs()[0].name
    press(view, server, "use")
    view.text_input(key=f"train_name_{name}").set_value("a/b")
    view.button(key=f"train_rename_{name}").click().run()
    assert "Not renamed" in texts(view)
    view.text_input(key=f"train_name_{name}").set_value("Class 7b run")
    view.button(key=f"train_rename_{name}").click().run()
    assert [run.name for run in server.runs()] == ["Class 7b run"]
    assert view.selectbox(key="train_run").value == "Class 7b run"
    assert view.session_state["model"] == "Class 7b run"
    assert "Not renamed" not in texts(view)


def test_a_run_is_deleted_once_that_was_confirmed(view, server):
    for _ in range(2):
        started(view)
        until(view, server, "finished")
    gone, left = (run.name for run in server.runs())
    view.button(key=f"train_delete_{gone}").click().run()
    assert len(server.runs()) == 2
    view.button(key="train_delete_now").click().run()
    assert [run.name for run in server.runs()] == [left]
    assert view.selectbox(key="train_run").value == left
    assert "no longer exists" not in texts(view)  # whoever deleted it knows


def test_a_run_that_is_gone_is_said_to_be_and_another_one_is_shown(view, server):
    started(view)
    until(view, server, "finished")
    started(view)
    gone = until(view, server, "finished").selectbox(key="train_run").value
    shutil.rmtree(next(run.folder for run in server.runs() if run.name == gone))
    view.run()
    (left,) = server.runs()
    assert view.selectbox(key="train_run").value == left.name
    assert left.name in status(view)
    said = f"{jobs.Jobs.gone(gone)} Showing {left.name}."
    assert said in texts(view)
    assert said not in texts(view.run())


def test_the_only_run_that_is_gone_is_said_to_be(view, server):
    started(view)
    gone = until(view, server, "finished").selectbox(key="train_run").value
    shutil.rmtree(next(run.folder for run in server.runs()))
    assert jobs.Jobs.gone(gone) in texts(view.run())
    assert jobs.Jobs.gone(gone) not in texts(view.run())


def test_a_damaged_run_is_listed_with_what_is_wrong(view, server, tmp_path):
    started(view)
    until(view, server, "finished")
    (tmp_path / "runs" / "odd").mkdir()
    view.run()
    assert view.selectbox(key="train_run").options[-1] == "odd (corrupted)"
    view.selectbox(key="train_run").set_value("odd").run()
    assert not view.exception
    assert "run.json is missing." in texts(view)
    assert status(view) == "odd · corrupted"


def test_a_run_with_a_log_and_no_description_leaves_the_page_whole(view, server):
    started(view)
    until(view, server, "finished")
    (server.runs()[0].folder / "run.json").write_text("{")
    view.run()
    assert not view.exception
    assert status(view).endswith("corrupted")
    assert any(chart.proto.id for chart in view.get("plotly_chart"))  # the last figure


def test_curves_can_be_smoothed(view, server):
    started(view)
    until(view, server, "finished")
    view.slider(key="train_smooth").set_value(0.5)
    view.toggle(key="train_log_axis").set_value(True).run()
    assert not view.exception
    assert drawn(view) == 3


def test_the_timeline_is_drawn_half_as_often_as_the_curves(view, server, monkeypatch):
    asked = []
    monkeypatch.setattr(section, "section", lambda run, every: asked.append(every))
    started(view)
    until(view, server, "finished")
    assert asked[0] == 2 * view.select_slider(key="train_refresh").value
    view.select_slider(key="train_refresh").set_value(5).run()
    assert asked[-1] == 10


def test_missing_images_are_refused_with_what_to_do(view, server):
    view.selectbox(key="train_data").set_value("cifar10").run()
    assert form._NO_CIFAR10 in texts(view)
    started(view)
    assert server.runs() == []


def test_a_reload_shows_the_same_run(view, server, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    started(view)
    until(view, server, "running")
    again = AppTest.from_file(VIEW, default_timeout=20)
    again.session_state["selection"] = view.session_state["selection"]
    again.run()
    assert again.selectbox(key="train_run").value == server.runs()[0].name
    assert f"train_stop_{server.runs()[0].name}" in keys(again)


@pytest.mark.parametrize("field", ["run", "model"])
def test_a_link_shows_the_run_that_it_names(view, server, field):
    for _ in range(2):
        started(view)
        until(view, server, "finished")
    newest, older = (run.name for run in server.runs())

    def opened(**query):
        again = AppTest.from_file(VIEW, default_timeout=20)
        again.session_state["selection"] = view.session_state["selection"]
        for name, word in query.items():
            again.query_params[name] = word
        return again.run()

    linked = opened(**{field: older})
    assert not linked.exception
    assert linked.selectbox(key="train_run").value == older
    assert older in status(linked)
    assert [one.label for one in linked.expander][0] == "New run"  # folded
    linked.selectbox(key="train_run").set_value(newest).run()
    assert newest in status(linked)
    assert linked.text_input(key="run").value == newest
    for one in (opened(), opened(**{field: "elsewhere"})):
        assert not one.exception
        assert one.selectbox(key="train_run").value == newest
