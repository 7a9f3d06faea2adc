"""Lines about runs: written from the record, in each state."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.runs.progress import Curve, Progress
from explorer.text import run_status
from vitcore.config import TrainConfig
from vitcore.training.exit_status import CAUSE
from vitcore.training.runs import Run


def progress(state, *, accuracy=None, problem="", train=(), validation=(), run=None, **values):
    lives = state in ("starting", "running", "pausing", "paused", "stepping", "stopping")
    described = {
        "folder": Path("quiet-heron"),
        "name": "quiet-heron",
        "state": "running" if lives else state,
        "problem": problem,
        "config": TrainConfig(data="sketch10"),
        "step": 240,
        "epoch": 2.4,
        "validation": None if accuracy is None else {"accuracy": accuracy, "epoch": 2.0},
        **(run or {}),
    }
    curves = {"train": Curve(loss=train), "validation": Curve(loss=validation)}
    options = {"ready": True, "seconds": 3.2, "epochs": 5.0, **curves, **values}
    return Progress(run=Run(**described), state=state, **options)


def line(given):
    return run_status.status(given).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (progress("starting", run={"step": 0}), ["starting"]),
        (progress("starting"), ["resuming from step 240"]),
        (progress("running"), ["epoch 2.4 / 5"]),
        (progress("paused"), ["paused at epoch 2.4 / 5, step 240"]),
        (progress("stopping"), ["epoch 2.4 / 5", "stopping"]),
        (progress("pausing"), ["epoch 2.4 / 5", "pausing"]),
        (progress("stopped"), ["stopped at epoch 2.4 / 5"]),
        (progress("finished"), ["finished at epoch 2.4 / 5"]),  # by early stopping
        (progress("finished", run={"epoch": 5.0}), ["finished"]),
        (progress("failed"), ["failed at step 241"]),
        (progress("failed", run={"cause": CAUSE}), ["diverged at step 241"]),
        (progress("interrupted"), ["interrupted at epoch 2.4 / 5"]),
        (progress("interrupted", run={"step": 0}), ["failed to start"]),
        (progress("damaged"), ["corrupted"]),
    ],
)
def test_each_state_is_named(given, parts):
    said = line(given).split(" · ")
    assert [part for part in said if part not in ("quiet-heron", "sketch10", "tiny")] == parts
    assert said[0] == "quiet-heron"


@pytest.mark.parametrize("classes", [2, 10])
def test_chance_is_that_of_the_classes_of_the_model(classes, monkeypatch):
    config = replace(TrainConfig().model_config(), classes=classes)
    monkeypatch.setattr(TrainConfig, "model_config", lambda _: config)
    said = line(progress("running", accuracy=0.612))
    assert [int(share) for share in re.findall(r"(\d+)%", said)] == [61, 100 // classes]


def test_the_status_is_one_line_of_at_most_14_words():
    said = line(progress("running", accuracy=0.612, images_per_second=812.4, seconds_left=41.2))
    assert said == (
        "quiet-heron · epoch 2.4 / 5 · validation accuracy 61% (chance: 10%) · sketch10 · tiny · "
        "812 images/s · 0:41 left"
    )
    assert sum(any(map(str.isalpha, word)) for word in said.split()) <= 14


def test_what_is_not_known_yet_is_not_said():
    assert run_status.status(None) == ""
    resumed = run_status.status(progress("starting", images_per_second=812.4))
    assert "812" not in resumed
    assert line(progress("running")) == "quiet-heron · epoch 2.4 / 5 · sketch10 · tiny"


@pytest.mark.parametrize("asked", ["pause", "step", "epoch"])
def test_what_was_pressed_while_it_starts_is_said(asked):
    told = progress("starting", asked=asked, run={"step": 0})
    assert run_status.status(told) != run_status.status(replace(told, asked=""))


def test_before_the_first_point_each_phase_and_its_time_are_named():
    loading, compiling = (
        run_status.starting(progress("starting", ready=ready), usual=11.6)[0]
        for ready in (False, True)
    )
    assert loading != compiling
    assert all("3 s" in said and "12 s" in said for said in (loading, compiling))
    assert "12 s" not in run_status.starting(progress("starting"))[0]


def test_trouble_says_what_happened_and_what_to_do():
    what, then = run_status.trouble(progress("failed", problem="The disk broke.").run)
    assert what == "The disk broke."
    assert then


@pytest.mark.parametrize(
    ("saved", "numbers"), [(None, []), (69, ["69"]), (68, ["68", "69"]), (32, ["32", "69"])]
)
def test_after_a_kill_it_says_from_where_it_resumes(saved, numbers):
    run = progress("interrupted", run={"step": 69}).run
    said = run_status.trouble(run, resumes=True, saved=saved)[1]
    assert [word.strip("().") for word in said.split() if word.strip("().").isdigit()] == numbers


@pytest.mark.parametrize(
    ("rate", "told", "tried"),
    [
        (1e9, None, "0.001, the recipe default"),
        (0.002, None, "0.001, the recipe default"),
        (0.001, None, "0.0001."),
        (1e9, 5e-4, "0.0005."),
        (1e9, 1e-3, "0.001, the recipe default"),
    ],
)
def test_a_run_that_diverged_gets_a_rate_that_works(rate, told, tried):
    config = TrainConfig(data="sketch10", learning_rate=rate)
    run = progress("failed", run={"cause": CAUSE, "config": config, "usable_rate": told}).run
    what, then = run_status.trouble(run)
    assert "step 241" in what
    assert tried in then


def test_a_run_diverged_by_its_record_and_not_by_its_words():
    problem = "Loss is NaN at step 3 (learning rate 0.1)."
    run = progress("failed", problem=problem, run={"cause": "error"}).run
    assert run_status.trouble(run)[0] == problem
    assert run_status.state_word(run) == "failed"


def test_a_finding_is_the_last_value_of_each_curve():
    ends = progress("running", train=(2.0, 1.834), validation=(1.9, 5848839168.0))
    assert run_status.loss_finding(ends) == "train 1.83 · val 5.8e9"
    assert run_status.loss_finding(progress("running", train=(float("nan"),))) == (
        "train – · val –"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "cosine, peak 0.001"), ({"schedule": "plateau"}, "×0.8 on plateau, peak 0.001")],
)
def test_the_learning_rate_is_named_with_its_schedule(changes, said):
    config = TrainConfig(data="sketch10", **changes)
    assert run_status.rate_finding(progress("running", run={"config": config})) == said


def curves_of(train, validation):
    """A progress whose training and validation have these losses, at epochs 1, 2, ..."""
    numbered = [Curve(epoch=tuple(range(1, len(v) + 1)), loss=v) for v in (train, validation)]
    return replace(progress("finished"), train=numbered[0], validation=numbered[1])


@pytest.mark.parametrize(
    ("train", "validation", "since"),
    [
        ((2.0, 1.5, 1.0, 0.5), (2.0, 1.6, 1.7, 1.9), 2),
        ((2.0, 1.5, 1.0, 0.5), (2.0, 1.6, 1.5, 1.4), None),  # still improving
        ((2.0, 1.5, 1.0, 0.5), (2.0, 1.7, 1.6, 1.9), None),  # one validation may be chance
        ((2.0, 1.5, 1.0, 0.5), (2.0, 1.6, 1.61, 1.62), None),  # within 2%
        ((2.0, 1.5, 1.6, 1.8), (2.0, 1.6, 1.7, 1.9), None),  # training rises as well: no fit at all
        ((), (), None),
    ],
)
def test_a_run_overfits_since_its_lowest_validation_loss(train, validation, since):
    given = curves_of(train, validation)
    assert run_status.overfits_since(given) == since
    assert ("overfitting" in run_status.loss_finding(given)) == (since is not None)
