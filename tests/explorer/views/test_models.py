"""The Models page: the list, the card of one model, and what is done with it."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer import client, navigation, visitors
from explorer.components.curves import component as curves_component
from explorer.results import Failure, Pending
from explorer.runs import jobs
from explorer.runs.rights import OPERATOR, Visitor, set_owner
from explorer.selection import Image, Selection
from explorer.text import model_card, model_card_table
from explorer.timeline import section
from explorer.training_ui import run_files
from vitcore import checkpoints
from vitcore.config import TrainConfig, ViTConfig
from vitcore.initialisation import weight_shapes
from vitcore.training import snapshots
from vitcore.training.events import EventLog
from vitcore.training.runs import read_run, write_description

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "models.py"
SMALL = ViTConfig(width=8, depth=1, num_heads=2, mlp_dim=8)
WEIGHTS = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(SMALL).items()}
CARD = {
    "name": "flexi-cifar10",
    "data": "CIFAR-10 training set, 2% for validation",
    "recipe": "flexi-cifar10",
    "seed": 3,
    "hardware": "2 cores of a <quiet> machine",
    "seconds": 7265,
    "steps": 9000,
    "train": {"batch_size": 128, "max_tokens": 8192},
    "epochs": 24.0,
    "images_seen": 1200000,
    "measured_on": {"cifar10": 10000},
    "accuracy": {"cifar10": {"2": 0.62, "4": 0.714, "8": 0.05}, "sketch10": {"4": 0.9}},
    "note": "",
}
LEARNED = {
    "training_curve": {"epoch": [0.5, 1.0], "loss": [2.0, 1.2], "accuracy": [0.3, 0.6]},
    "curves": [{"epoch": 1.0, "loss": 1.25, "accuracy": 0.55}],
    "evaluation": {
        "cifar10": {
            "patch_size": 4,
            "confusion": (np.eye(10, dtype=int) * 9 + np.eye(10, k=1, dtype=int)).tolist(),
        }
    },
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    server = jobs.Jobs()
    monkeypatch.setattr(jobs, "server_jobs", lambda: server)
    monkeypatch.setattr(client, "forward", lambda *_, **__: Pending("Starting.", "Soon."))
    return tmp_path / "home" / "runs"


@pytest.fixture
def bundled(home, tmp_path):
    folder = tmp_path / "bundled" / "flexi-cifar10"
    checkpoints.write(folder, SMALL, WEIGHTS)
    checkpoints.write_card(folder, CARD)


def make_run(home, name, *, state="finished", reason="", weights=True):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    folder = home / name
    write_description(folder, TrainConfig(data="sketch10", seed=7), pid=ended.pid)
    log = EventLog(folder)
    log("start", steps=20, steps_per_epoch=10)
    log("step", step=20, epoch=2.0, loss=1.0)
    log("validation", step=20, epoch=2.0, accuracy=0.84)
    if state is not None:
        log("end", state=state, reason=reason, step=20)
    log.close()
    if weights:
        checkpoints.write(folder, SMALL, WEIGHTS)
    return folder


def opened(model=""):
    view = AppTest.from_file(VIEW, default_timeout=20)
    image = Image(np.zeros((32, 32, 3), np.uint8), "sketch10", 0, 0, "airplane 0", "key")
    view.session_state["selection"] = Selection(client.resolve(model), image, 4)
    view.session_state["model"] = model
    view.run()
    assert not view.exception
    assert [title.value for title in view.title] == ["Models"]
    return view


def texts(view):
    frames = [block.proto.body for block in view.get("html")]
    return " ".join([*(block.value for block in view.markdown), *frames])


def facts(view):
    """Rows of the table of training details."""
    return re.findall(r"<tr><th scope=row>(.*?)</th><td>(.*?)</td></tr>", texts(view))


def finding(view):
    """The line below the name of the page."""
    return re.findall(r'class="finding" role="status">(.*?)&nbsp;</p>', texts(view))[0]


def shown(view, name):
    return view.radio(key="models_shown").set_value(name).run()


def test_without_a_model_it_says_where_to_get_one(home):
    view = opened()
    assert finding(view) == ""
    assert "Train one on the Train page." in texts(view)


@pytest.mark.parametrize(
    ("registers", "said"),
    [(0, "mean pooling"), (1, "mean pooling, 1 register"), (4, "mean pooling, 4 registers")],
)
def test_registers_are_counted_where_there_are_any(registers, said):
    assert model_card_table._architecture(dataclasses.replace(SMALL, registers=registers)).endswith(
        said
    )


def test_a_bundled_model_shows_its_card(home, bundled):
    view = opened("flexi-cifar10")
    assert finding(view) == "flexi-cifar10: 71.4% CIFAR-10 test accuracy at P = 4"
    for row in (
        ("Training time", "2 h 1 min"),
        ("Optimizer steps", "9,000"),
        ("Batch size", "128"),
        ("Max. patches per batch", "8,192"),
        ("Images seen", "1,200,000"),
        ("Hardware", "2 cores of a &lt;quiet&gt; machine"),
        ("Architecture", "1 block × 2 heads, D = 8, learned positions, mean pooling"),
        ("Parameters", f"{sum(array.size for array in WEIGHTS.values()):,}"),
    ):
        assert row in facts(view)
    assert "Selected" in texts(view)
    assert "Expected calibration error" not in " ".join(one.value for one in view.subheader)


def test_a_card_has_the_attention_on_objects_and_the_calibration(home, bundled, tmp_path):
    attention = {
        "num_images": 500,
        "patch_size": 4,
        "rollout_object_attention": 1.525,
        "object_attention": [0.91, 2.34],
        "query_independent_heads": 0.0625,
    }
    card = {**CARD, "attention": attention, "calibration_error": {"cifar10": {"4": 0.047}}}
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", card)
    view = opened("flexi-cifar10")
    said = dict(facts(view))["Attention on object"]
    assert said.startswith("Rollout 1.52× uniform; blocks 0.9, 2.3; 6.3% of heads")
    assert said.endswith("(500 sketch10 images, P = 4)")
    assert any("ECE" in heading.value for heading in view.subheader)
    assert ">4.7<" in texts(view)


def test_a_card_says_which_way_confidence_is_off(home, bundled, tmp_path):
    bins = {"num_images": [10, 90], "confidence": [0.3, 0.8], "accuracy": [0.3, 0.9]}
    card = {
        **CARD,
        "calibration_error": {"cifar10": {"4": 0.09}},
        "evaluation": {"cifar10": {"patch_size": 4, "reliability": bins}},
    }
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", card)
    said = "Under-confident: mean confidence 75%, accuracy 84% (CIFAR-10, P = 4)"
    assert said in texts(opened())


def test_a_card_says_which_runs_a_model_went_through(home, bundled, tmp_path):
    folder = tmp_path / "bundled" / "flexi-cifar10"
    first = {"train": {"recipe": "first", "batch_size": 1024, "max_tokens": 0}, "steps": 8000}
    second = {"train": {**CARD["train"], "recipe": "second"}, "steps": 400}
    checkpoints.write_card(folder, {**CARD, "earlier_stages": [first, second]})
    said = dict(facts(opened("flexi-cifar10")))
    assert said["Recipe"] == "first → second → flexi-cifar10"
    assert said["Optimizer steps"] == "8,000 + 400 + 600"
    assert said["Batch size"] == "1,024 → 128 → 128"
    assert said["Max. patches per batch"] == "unlimited → 8,192 → 8,192"
    checkpoints.write_card(folder, {**CARD, "earlier_stages": [{}]})
    assert dict(facts(opened("flexi-cifar10")))["Optimizer steps"] == "9,000"


WHOLE = {"num_images": 500, "patch_size": 4, "query_independent_heads": 0.1}


@pytest.mark.parametrize(
    "attention",
    [
        None,
        3,
        {},
        {"rollout_object_attention": "much"},
        {**WHOLE, "rollout_object_attention": float("inf"), "object_attention": [1.0]},
        {**WHOLE, "rollout_object_attention": 1.5, "object_attention": []},
        {
            **WHOLE,
            "rollout_object_attention": 1.5,
            "object_attention": [1.0],
            "query_independent_heads": 2,
        },
        {
            **WHOLE,
            "rollout_object_attention": 1.5,
            "object_attention": [1.0],
            "num_images": float("inf"),
        },
    ],
)
def test_attention_that_a_card_does_not_hold_is_left_out(attention):
    assert model_card_table._attention(attention) is None


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), True, "long"])
def test_what_is_no_number_has_no_row_and_no_cell(home, bundled, tmp_path, odd):
    shares = {"4": odd, "8": 0.75, "16": 5.5, "2": -0.3}
    card = {"seconds": odd, "images_seen": odd, "epochs": odd, "accuracy": {"cifar10": shares}}
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", card)
    view = opened("flexi-cifar10")
    said = texts(view)
    assert finding(view) == "flexi-cifar10: not evaluated"
    assert not {"Training time", "Images seen", "Epochs"} & dict(facts(view)).keys()
    assert ">75<" in said
    assert ">550<" not in said


def test_the_epochs_of_an_interrupted_run_end_at_its_last_checkpoint(home):
    folder = make_run(home, "quiet-heron", state=None)
    log = EventLog(folder)
    for saved, epochs in ((0, "0"), (15, "1.5")):
        log("checkpoint", step=saved)
        assert ("Epochs", epochs) in facts(opened("quiet-heron"))
    log.close()


def test_a_card_shows_curves_and_the_confusion_matrix(home, bundled, tmp_path):
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", {**CARD, **LEARNED})
    view = opened("flexi-cifar10")
    headings = [heading.value for heading in view.subheader]
    assert headings == ["Test accuracy (%) by patch size", "Loss", "Accuracy", "Confusion matrix"]
    for said in (
        "train 1.20 · val 1.25",
        "train 60% · val 55%",
        "airplane → automobile (10% of airplanes) and ",  # eight others have as many
    ):
        assert said in texts(view)
    drawn = [one.proto.component_name.rpartition(".")[2] for one in view.get("bidi_component")]
    assert drawn.count("curves") == 2
    assert len(view.get("plotly_chart")) == 1


@pytest.fixture
def drawn(monkeypatch):
    """Figures of curves by their keys, as the page drew them last."""
    found = {}
    monkeypatch.setattr(
        curves_component, "curves", lambda figure, *, label, key: found.update({key: figure})
    )
    return found


def test_the_top_5_accuracy_of_a_card_is_a_curve(home, bundled, tmp_path, drawn):
    points = [(1.0, 0.55, 0.9), (2.0, 0.6, 0.935), (3.0, 0.62, None)]  # the last was not recorded
    rows = [
        {"epoch": epoch, "loss": 1.0, "accuracy": share, "top5": top5}
        for epoch, share, top5 in points
    ]
    card = {**CARD, **LEARNED, "curves": rows}
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", card)
    opened("flexi-cifar10")
    lines = {line.name: (line.x, line.y) for line in drawn["models_accuracy"].data}
    assert lines["top-5"] == ((1.0, 2.0), (0.9, 0.935))
    np.testing.assert_array_equal(lines["validation"][1], [0.55, 0.6, 0.62])
    assert "top-5" not in {line.name for line in drawn["models_loss"].data}


def test_a_card_without_top_5_accuracy_has_no_such_curve(home, bundled, tmp_path, drawn):
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", {**CARD, **LEARNED})
    opened("flexi-cifar10")
    assert [line.name for line in drawn["models_accuracy"].data] == ["train", "validation"]


def test_the_loss_alone_has_a_log_scale_where_it_is_asked_for(home, bundled, tmp_path, drawn):
    checkpoints.write_card(tmp_path / "bundled" / "flexi-cifar10", {**CARD, **LEARNED})
    view = opened("flexi-cifar10")
    assert drawn["models_loss"].layout.yaxis.type != "log"
    view.toggle(key="models_log_axis").set_value(True).run()
    assert not view.exception
    assert drawn["models_loss"].layout.yaxis.type == "log"
    assert drawn["models_accuracy"].layout.yaxis.type != "log"


def test_a_card_without_curves_has_no_empty_figures(home, bundled):
    assert not opened("flexi-cifar10").get("plotly_chart")


def test_a_run_shows_what_it_was_trained_on(home):
    make_run(home, "quiet-heron")
    view = opened("quiet-heron")
    assert finding(view) == "quiet-heron: validation accuracy 84% (chance: 10%)"
    assert ("Training data", "sketch10") in facts(view)
    assert ("Seed", "7") in facts(view)


def test_the_list_holds_models_and_runs_of_every_state(home, bundled):
    make_run(home, "calm-owl")
    make_run(home, "bold-wren", state="failed", reason="The loss became nan.", weights=False)
    make_run(home, "gone-kite", state=None)
    (home / "odd").mkdir()
    view = opened("flexi-cifar10")
    names = view.radio(key="models_shown").options
    assert names[0] == "flexi-cifar10"
    assert set(names[1:4]) == {"calm-owl", "bold-wren", "gone-kite"}
    assert names[4] == "odd"
    lines = list(view.radio(key="models_shown").proto.captions)
    assert lines[0] == "71.4% · bundled"
    assert lines[4] == "corrupted"
    assert any(line.startswith("84% · interrupted · sketch10 · tiny · ") for line in lines)
    assert "run.json is missing." in texts(shown(view, "odd"))


def test_a_row_tells_when_its_run_began(home):
    run = read_run(make_run(home, "quiet-heron"))
    began = dataclasses.replace(run, created=1700000000.0)
    assert (
        model_card.row(began, zone=UTC) == "84% · finished · sketch10 · tiny · 14 Nov 2023, 22:13"
    )
    now = datetime.now(UTC)
    assert (
        model_card.row(run, zone=UTC).endswith(f"{now.day} {now:%b}, {now:%H:%M}") or now.second < 9
    )


def test_a_model_is_evaluated_by_its_button(home, bundled, monkeypatch):
    gone = []
    monkeypatch.setattr(navigation, "goto", gone.append)
    make_run(home, "quiet-heron")
    view = shown(opened("flexi-cifar10"), "quiet-heron")
    view.button(key="models_evaluate").click().run()
    assert (gone, view.session_state["model"]) == (["answer"], "quiet-heron")
    assert view.session_state["evaluate_data"] == "sketch10"


def test_a_run_is_renamed_where_it_is_shown(home, bundled):
    make_run(home, "quiet-heron")
    view = shown(opened("flexi-cifar10"), "quiet-heron")
    view.text_input(key="models_name_quiet-heron").set_value("a/b")
    view.button(key="models_rename_quiet-heron").click().run()
    assert "Not renamed" in texts(view)
    view.text_input(key="models_name_quiet-heron").set_value("mine")
    view.button(key="models_rename_quiet-heron").click().run()
    assert view.radio(key="models_shown").value == "mine"
    assert (home / "mine").is_dir()


def test_what_is_too_large_to_download_is_said(home, monkeypatch):
    make_run(home, "quiet-heron")
    assert "0.0 MB" in opened().get("download_button")[0].proto.label
    monkeypatch.setattr(run_files, "LARGEST_ZIP", 10)
    view = opened()
    assert not view.get("download_button")
    assert "the folder quiet-heron" in texts(view)


def test_another_model_is_used_by_its_button(home, bundled):
    make_run(home, "quiet-heron")
    view = shown(opened("flexi-cifar10"), "quiet-heron")
    view.button(key="models_use").click().run()
    assert view.session_state["model"] == "quiet-heron"
    selection = view.session_state["selection"]  # which the sidebar makes anew
    view.session_state["selection"] = dataclasses.replace(
        selection, model=client.resolve("quiet-heron")
    )
    assert "Selected" in texts(view.run())


def test_a_failed_run_says_why_and_cannot_be_used(home):
    make_run(home, "bold-wren", state="failed", reason="Loss is NaN at step 21.", weights=False)
    view = opened()
    assert "at step 21" in texts(view)
    assert "Train page" in texts(view)
    assert "models_use" not in {button.key for button in view.button}


def test_damaged_weights_are_named_and_cannot_be_used(home):
    path = make_run(home, "quiet-heron") / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    view = opened()
    assert finding(view) == "quiet-heron: corrupted"
    assert "weights.safetensors is " in texts(view)
    assert "models_use" not in {button.key for button in view.button}


def test_a_config_that_cannot_be_read_makes_a_run_damaged(home):
    (make_run(home, "quiet-heron") / "config.json").write_text("{garbage")
    view = opened()
    assert finding(view) == "quiet-heron: corrupted"
    assert "<b>config.json is " in texts(view)
    assert "Models page" not in texts(view)
    assert "models_use" not in {button.key for button in view.button}


def test_a_config_of_other_weights_is_an_error_in_place(home):
    folder = make_run(home, "quiet-heron")
    config = json.loads((folder / "config.json").read_text())
    config["model"]["depth"] = 2
    (folder / "config.json").write_text(json.dumps(config))
    assert "Weights of quiet-heron do not match its config" in texts(opened())


def test_why_the_model_in_use_gives_no_answer_is_said(home, bundled, monkeypatch):
    problem = Failure("It is damaged.", "Choose another one.")
    monkeypatch.setattr(client, "forward", lambda *_, **__: problem)
    assert "It is damaged. Choose another one." in texts(opened("flexi-cifar10"))


def test_a_run_is_deleted_after_a_question(home):
    folder = make_run(home, "quiet-heron")
    view = opened()
    view.button(key="models_delete_quiet-heron").click().run()
    assert folder.exists()
    view.button(key="models_delete_now").click().run()
    assert not folder.exists()
    assert finding(view) == ""


def test_a_question_can_be_declined(home):
    folder = make_run(home, "quiet-heron")
    view = opened()
    view.button(key="models_delete_quiet-heron").click().run()
    view.button(key="models_delete_cancel").click().run()
    assert folder.exists()


def test_a_running_run_and_a_bundled_model_cannot_be_deleted(home, bundled):
    write_description(home / "quiet-heron", TrainConfig(data="sketch10"), pid=os.getpid())
    view = opened("flexi-cifar10")
    assert "models_delete_quiet-heron" not in {button.key for button in view.button}
    shown(view, "quiet-heron")
    assert "models_delete_quiet-heron" not in {button.key for button in view.button}
    assert "models_train" in {button.key for button in view.button}


def test_only_who_may_stop_a_running_run_is_told_to(home, monkeypatch):
    folder = home / "quiet-heron"
    write_description(folder, TrainConfig(data="sketch10"), pid=os.getpid())
    set_owner(folder, "anna")
    monkeypatch.setattr(visitors, "me", lambda: Visitor("ben", operates=False))
    assert opened().button(key="models_train").label == "Training. Watch it on Train"
    monkeypatch.setattr(visitors, "me", lambda: Visitor("anna", operates=False))
    view = opened()
    assert view.button(key="models_train").label == "Training. Stop it on Train"
    assert "Your runs" not in texts(view)


def test_anothers_run_is_for_its_owner_and_the_teacher_to_change(home, monkeypatch):
    ben = Visitor("ben", operates=False)
    monkeypatch.setattr(
        visitors, "me", lambda: OPERATOR if st.session_state.get("teacher") else ben
    )
    monkeypatch.setenv(visitors.KEY, "long enough")
    folder = make_run(home, "quiet-heron")
    set_owner(folder, "anna")
    change = {"models_delete_quiet-heron", "models_rename_quiet-heron"}
    view = opened()
    assert not change & {button.key for button in view.button}
    assert view.get("download_button")
    view.text_input(key="models_teacher_key").set_value("guessed").run()
    assert not change & {button.key for button in view.button}
    assert "Wrong key. Type it again" in texts(view)
    view.text_input(key="models_teacher_key").set_value("long enough").run()
    assert not view.exception
    assert change <= {button.key for button in view.button}
    assert "You can change every run until you reload the page." in texts(view)
    set_owner(folder, "ben")
    view = opened()
    assert "You can change every run until you reload the page." not in texts(view)
    assert change <= {button.key for button in view.button}


def test_the_table_marks_the_present_patch_size():
    table = model_card.shares_table(CARD, 4)
    assert "<th scope=col class=now>4</th>" in table
    assert "<td class=now>71.4</td>" in table
    assert "<td>5.0</td>" in table
    assert model_card.shares_table({}, 4) == ""


@pytest.mark.parametrize(
    "card",
    [
        "[]",
        "[1]",
        '{"accuracy": 3, "seconds": "long"}',
        '{"curves": 3, "evaluation": [], "training_curve": {"epoch": 1}}',
        "{",
    ],
)
def test_any_card_is_survived(home, bundled, tmp_path, card):
    (tmp_path / "bundled" / "flexi-cifar10" / "card.json").write_text(card)
    opened("flexi-cifar10")


def test_what_a_model_learned_from_is_in_its_card_or_its_run(home):
    run = read_run(make_run(home, "quiet-heron"))
    assert model_card.learned_from({}, run) == "Trained on sketch10"
    mixed = {"train": {"data": "cifar10", "sketch_fraction": 0.1}}
    assert model_card.learned_from(mixed, None) == "Trained on CIFAR-10 and sketch10"
    assert model_card.learned_from({"train": 3}, None) == ""


def test_the_accuracy_at_the_current_patch_size_is_the_finding():
    assert model_card.finding("a", CARD, None, 2) == "a: 62.0% CIFAR-10 test accuracy at P = 2"
    only = {"accuracy": {"sketch10": {"2": 0.5}}}
    assert model_card.finding("a", only, None, 2) == "a: 50% sketch10 test accuracy at P = 2"
    assert model_card.finding("a", json.loads("{}"), None, 2) == "a: not evaluated"


def test_a_model_with_snapshots_shows_its_timeline(bundled, tmp_path, monkeypatch):
    films = []
    monkeypatch.setattr(section, "section", lambda name, key: films.append(name))
    assert model_card.NO_SNAPSHOTS in texts(opened())
    assert films == []
    snapshots.write(tmp_path / "bundled" / "flexi-cifar10", 5, SMALL, WEIGHTS)
    assert model_card.NO_SNAPSHOTS not in texts(opened())
    assert films == ["flexi-cifar10"]
