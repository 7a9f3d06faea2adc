"""What earlier runs tell about the next one, from logs written by hand."""

import json
import os
import sys
from dataclasses import replace

import pytest

from explorer.runs.estimates import (
    epochs_in,
    estimate,
    free_memory,
    memory,
    start_seconds,
    step_seconds,
)
from vitcore.config import TrainConfig
from vitcore.training.events import EventLog
from vitcore.training.runs import Run

CONFIG = TrainConfig(data="sketch10", epochs=1.0, batch_size=100)  # 100 steps


def ran(folder, config=CONFIG, *, seconds=0.5, state="finished", pause=0.0, steps=60):
    """A run that began after 8 seconds, took `seconds` for each step, and waited once."""
    folder.mkdir()
    log, now = EventLog(folder), 1000.0
    log("start", time=now, steps=10)
    now += 8.0
    for step in range(1, steps + 1):
        log("step", time=now, step=step)
        if step == 5 and pause:
            log("paused", time=now, step=step)
            now += pause
            log("resumed", time=now, step=step)
        now += seconds
    log.close()
    return Run(
        folder=folder,
        name=folder.name,
        state=state,
        config=config,
        created=1000.0,
    )


def test_the_time_is_that_of_the_newest_run_of_this_model(tmp_path):
    runs = [ran(tmp_path / "new", seconds=0.25), ran(tmp_path / "old", seconds=9.0)]
    found = estimate(CONFIG, runs)
    assert (found.seconds, found.measured_in) == (pytest.approx(8.0 + 25.0), "new")
    assert epochs_in(30.0, CONFIG, runs) == 0.88
    assert epochs_in(9.0, CONFIG, runs) == 0.12  # starting leaves only one second: a third is


@pytest.mark.parametrize(
    "changes", [{"state": "failed"}, {"steps": 3}, {"steps": 20}, {"seconds": 0.1, "steps": 40}]
)
def test_a_run_that_failed_or_was_short_tells_no_speed(tmp_path, changes):
    runs = [ran(tmp_path / "odd", **changes), ran(tmp_path / "good", seconds=0.25)]
    assert estimate(CONFIG, runs).measured_in == "good"


def test_few_steps_that_took_long_tell_a_speed(tmp_path):
    found = estimate(CONFIG, [ran(tmp_path / "slow", seconds=2.0, steps=8)])
    assert found.seconds == pytest.approx(8.0 + 200.0)


def test_a_run_that_goes_on_speaks_only_where_no_other_does(tmp_path):
    runs = [ran(tmp_path / "live", state="running"), ran(tmp_path / "ended", state="stopped")]
    assert estimate(CONFIG, runs).measured_in == "ended"
    assert estimate(CONFIG, runs[:1]).measured_in == "live"


def test_a_run_that_was_slowed_down_tells_how_fast_it_could_have_been(tmp_path):
    run = ran(tmp_path / "paced", seconds=1.0)
    log = run.folder / "events.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = [line | {"images_per_second": 400.0} for line in lines]
    log.write_text("".join(json.dumps(line) + "\n" for line in told))
    assert estimate(CONFIG, [run]).seconds == pytest.approx(8.0 + 25.0)


def test_how_long_starting_took_is_that_of_a_run_of_this_shape(tmp_path):
    other = replace(ran(tmp_path / "other", CONFIG.replace(preset="flexi")), created=980.0)
    assert start_seconds(CONFIG, [other, ran(tmp_path / "same")]) == pytest.approx(8.0)
    assert start_seconds(CONFIG, [other]) == pytest.approx(28.0)
    assert start_seconds(CONFIG, []) is None


def test_waiting_does_not_count(tmp_path):
    assert estimate(CONFIG, [ran(tmp_path / "a", pause=500.0)]).seconds == pytest.approx(58.0)


@pytest.mark.parametrize(
    "changes", [{"preset": "flexi"}, {"precision": "bfloat16"}, {"batch_size": 50}]
)
def test_a_run_whose_steps_are_others_says_nothing(tmp_path, changes):
    assert not estimate(CONFIG, [ran(tmp_path / "a", CONFIG.replace(**changes))]).measured_in


def test_without_a_run_it_is_a_guess():
    found = estimate(CONFIG, [])
    assert found.seconds > 0
    assert found.measured_in == ""


def test_a_damaged_run_or_log_says_nothing(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(b'\xff{"event": "step"}\n{"event": "step", "step": 3}\n')
    runs = [
        Run(folder=folder, name="odd", state="interrupted", config=CONFIG),
        Run(folder=tmp_path / "gone", name="gone", state="damaged"),
        Run(folder=tmp_path / "empty", name="empty", state="stopped", config=CONFIG),
    ]
    assert not estimate(CONFIG, runs).measured_in


def test_a_model_of_twice_the_blocks_takes_about_twice_as_long_where_nothing_was_measured():
    start = estimate(CONFIG, []).seconds - 100 * CONFIG.batch_size / 1000.0  # tiny: 1,000 images/s
    once = estimate(CONFIG, []).seconds - start
    twice = estimate(CONFIG.replace(depth=8), []).seconds - start
    assert 1.9 < twice / once < 2.0  # embedding and classifier are there once
    assert estimate(CONFIG, []).measured_in == ""


def test_a_run_of_another_depth_tells_no_speed(tmp_path):
    runs = [ran(tmp_path / "shallow", CONFIG.replace(depth=1))]
    assert estimate(CONFIG, runs).measured_in == ""


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"epochs": 1.0, "batch_size": 100}, 100),
        ({"epochs": 0.2, "batch_size": 256}, 8),  # 39 full batches an epoch, a fifth of them
        ({"epochs": 0.001, "batch_size": 256}, 1),
        ({"epochs": 3.0, "batch_size": 100, "steps": 7}, 7),
        ({"epochs": 0.31, "batch_size": 128, "data": "cifar10", "validation_split": 0.2}, 97),
    ],
)
def test_steps_are_counted_in_full_batches(changes, steps):
    assert estimate(CONFIG.replace(**changes), []).steps == steps


# Peak resident memory, MiB, of `python -m vitcore train --data cifar10` on two cores: 3 steps and
# 5,000 images validated on in the first three rows, 2 steps and 50 images in the others.
MEASURED = [
    (1165, {"batch_size": 32}),
    (1881, {"batch_size": 512}),
    (4015, {"batch_size": 2048}),
    (3418, {"batch_size": 512, "depth": 12}),
    (3771, {"batch_size": 256, "patch_sizes": (2,)}),
    (2529, {"preset": "article", "batch_size": 512}),
    (1290, {"preset": "flexi", "batch_size": 32}),
    (3523, {"preset": "flexi", "batch_size": 384}),
    (2878, {"preset": "flexi", "batch_size": 128, "width": 384, "num_heads": 6, "mlp_dim": 1536}),
]


@pytest.mark.parametrize(("mebibytes", "given"), MEASURED)
def test_memory_is_that_of_a_process_that_was_measured(mebibytes, given):
    assert memory(TrainConfig(**given)) / 2**20 == pytest.approx(mebibytes, rel=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_no_more_memory_is_free_than_there_is():
    assert 0 < free_memory() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_run_whose_description_cannot_be_read_tells_no_speed(tmp_path):
    assert step_seconds(ran(tmp_path / "whole")) == pytest.approx(0.5)
    assert step_seconds(ran(tmp_path / "damaged", None, state="damaged")) is None
