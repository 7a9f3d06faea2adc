"""Sentences about runs: written from the numbers, in each state."""

from dataclasses import replace
from pathlib import Path

import pytest

from explorer.runs.run_progress import Curve, Progress
from explorer.words import run_sentences
from vitcore.config import TrainConfig
from vitcore.training.runs import Run


def progress(state, *, accuracy=None, measured=2.4, loss=(), problem="", **values):
    lives = state in ("starting", "running", "stopping")
    run = Run(
        folder=Path("quiet-heron"),
        name="quiet-heron",
        state="running" if lives else state,
        problem=problem,
        config=TrainConfig(data="sketch10"),
        step=values.pop("step", 240),
        epoch=2.4,
        validation=None if accuracy is None else {"accuracy": accuracy, "epoch": measured},
    )
    options = {"ready": True, "seconds": 3.2, "epochs": 5.0, **values}
    return Progress(run=run, state=state, train=Curve(loss=loss), **options)


@pytest.mark.parametrize(
    "given, title",
    [
        (progress("starting", step=0), "quiet-heron is starting"),
        (progress("starting"), "quiet-heron is starting, going on from step 240"),
        (progress("running"), "quiet-heron: epoch 2.4 of 5"),
        (
            progress("running", accuracy=0.61, measured=2.0),
            "quiet-heron: epoch 2.4 of 5, 61% of the pictures held back were right at epoch 2 "
            "(guessing: 10%)",
        ),
        (progress("running", loss=(2.0, 1.834)), "quiet-heron: epoch 2.4 of 5, loss 1.83"),
        (
            progress("running", accuracy=0.612),
            "quiet-heron: epoch 2.4 of 5, 61% of the pictures held back are right (guessing: 10%)",
        ),
        (progress("stopping"), "quiet-heron stops at epoch 2.4 of 5"),
        (
            progress("stopped", accuracy=0.5),
            "quiet-heron was stopped at epoch 2.4 of 5: "
            "50% of the pictures held back are right (guessing: 10%)",
        ),
        (
            progress("finished", accuracy=0.84),
            "quiet-heron learned: 84% of the pictures held back are right (guessing: 10%)",
        ),
        (progress("finished"), "quiet-heron is trained"),
        (progress("failed"), "quiet-heron failed at step 241"),
        (progress("interrupted"), "quiet-heron was interrupted at epoch 2.4 of 5"),
        (progress("interrupted", step=0), "quiet-heron could not begin"),
        (progress("damaged"), "quiet-heron is damaged"),
        (None, "Train a model and watch it learn"),
    ],
)
def test_each_state_has_its_finding(given, title):
    assert run_sentences.title(given) == title


def test_the_line_of_a_run_tells_epoch_speed_and_time_left():
    line = run_sentences.progress_line(
        progress("running", pictures_per_second=812.4, seconds_left=41.2)
    )
    assert line == "sketch10 · tiny · epoch 2.4 / 5 · 812 pictures/s · 00:41 left"


def test_what_is_not_known_yet_is_not_said():
    again = run_sentences.progress_line(progress("starting", pictures_per_second=812.4))
    assert again == "sketch10 · tiny · epoch 2.4 / 5 · starting again"
    assert run_sentences.progress_line(progress("running")) == "sketch10 · tiny · epoch 2.4 / 5"


def test_before_the_first_point_each_phase_is_named():
    assert "importing TensorFlow" in run_sentences.starting(progress("starting", ready=False))[0]
    assert "computing the first step, 3 s" in run_sentences.starting(progress("starting"))[0]


def test_trouble_says_what_happened_and_what_to_do():
    what, then = run_sentences.trouble(progress("failed", problem="The disk broke.").run)
    assert what == "The disk broke."
    assert "start again" in then


@pytest.mark.parametrize(
    "asked, line, then",
    [
        ("pause", "will pause before the first step", "It will pause before the first step."),
        ("step", "will take one step, then pause", "It will take one step, and pause."),
        ("epoch", "will pause at the end of the first", "It will pause at the end of the first"),
    ],
)
def test_what_was_pressed_while_it_starts_is_said(asked, line, then):
    told = progress("starting", asked=asked, step=0)
    assert line in run_sentences.progress_line(told)
    said = run_sentences.starting(told, usual=11.6)[1]
    assert then in said
    assert "Last time the first step came after 12 s." in said


@pytest.mark.parametrize(
    "saved, sentence",
    [
        (None, "Resume lets it go on from its last checkpoint."),
        (69, "Resume goes on from step 69."),
        (68, "Resume goes on from step 68 of the 69 it had taken: 1 step is done again."),
        (32, "Resume goes on from step 32 of the 69 it had taken: 37 steps are done again."),
    ],
)
def test_after_a_kill_it_says_from_where_it_goes_on(saved, sentence):
    run = progress("interrupted", step=69).run
    assert run_sentences.trouble(run, resumes=True, saved=saved)[1] == sentence


NAN = "The loss became nan at step 3, learning rate 7.5e+08; try a tenth of that rate."


@pytest.mark.parametrize(
    "rate, said, tried",
    [
        (1e9, "at learning rate 1e9 each step is so large that numbers overflow.", "Try 0.001, "),
        (0.002, "at learning rate 0.002 each step is so large", "Try 0.001, what this recipe is"),
        (0.001, "at learning rate 0.001.", "Try 0.0001 instead"),
    ],
)
def test_a_loss_that_is_no_number_gets_a_rate_that_works(rate, said, tried):
    run = progress("failed", problem=NAN, step=2).run
    run = replace(run, config=run.config.replace(learning_rate=rate))
    what, then = run_sentences.trouble(run)
    assert what.startswith("The loss stopped being a number at step 3")
    assert said in what
    assert then.startswith(tried)
    title = run_sentences.title(replace(progress("failed"), run=run))
    assert title == "quiet-heron fell apart at step 3: its learning rate is too high"


@pytest.mark.parametrize(
    ("usable", "tried"), [(5e-4, "Try 0.0005 instead"), (1e-3, "Try 0.001, what this recipe is")]
)
def test_a_run_that_told_its_cause_gets_the_rate_that_it_told(usable, tried):
    run = progress("failed", problem="It fell apart.").run
    run = replace(run, cause="diverged", usable_rate=usable)
    assert run_sentences.trouble(run)[1].startswith(tried)
    assert "fell apart at step" in run_sentences.title(replace(progress("failed"), run=run))


def test_a_cause_that_was_told_counts_and_not_the_words():
    run = replace(progress("failed", problem=NAN).run, cause="error")
    assert run_sentences.trouble(run)[0] == NAN


def test_the_learning_rate_is_said_in_plain_words():
    assert run_sentences.rate_title(progress("running")) == "Learning rate: 0.001 down to 0"
