"""Snapshots of a run: when they are due, and what is found of them later."""

import numpy as np

from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.config import PRESETS
from vitcore.initialisation import initial_weights
from vitcore.training import snapshots
from vitcore.training.control import write_control
from vitcore.training.loop import Run, train
from vitcore.training.step import Trainer


def test_snapshots_are_few_start_with_the_first_weights_and_leave_out_the_last():
    for steps in (1, 6, 100, 7000):
        due = snapshots.snapshot_steps(steps)
        assert due[0] == 0
        assert due[-1] < steps
        assert len(due) <= snapshots.MOST
        assert list(due) == sorted(set(due))


def test_snapshots_lie_closer_at_the_beginning():
    assert snapshots.snapshot_steps(100, most=5) == (0, 4, 16, 36, 64)


def test_run_keeps_its_first_weights_and_those_on_its_way(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)
    told = []
    train(tmp_path, CONFIG, notice=told.append)
    kept = snapshots.list_snapshots(tmp_path)
    assert list(kept) == list(snapshots.snapshot_steps(CONFIG.steps))
    assert [event["step"] for event in told if event["event"] == "snapshot"] == list(kept)
    _, first = checkpoints.read(kept[0])
    for name, values in initial_weights(PRESETS["small"], CONFIG.seed).items():
        np.testing.assert_array_equal(first[name], values.astype(np.float16))
    _, later = checkpoints.read(kept[4])
    assert not np.array_equal(first["head/bias"], later["head/bias"])


def test_each_pause_keeps_the_model_that_it_stands_at(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)
    monkeypatch.setattr(snapshots, "snapshot_steps", lambda steps: (0,))
    monkeypatch.setattr(snapshots, "MOST", 2)
    words = ["step 1", "step 2", "step 3", "run"]
    run = Run(tmp_path, CONFIG)
    run.control._clock = lambda _: write_control(tmp_path, words.pop(0))
    write_control(tmp_path, "pause")  # at steps 0, 1, 2 and 3
    assert run.train() == "finished"
    kept = snapshots.list_snapshots(tmp_path)
    assert list(kept) == [0, 1, 2]  # no more than MOST
    biases = [checkpoints.read(folder)[1]["head/bias"] for folder in kept.values()]
    assert not np.array_equal(biases[1], biases[2])


def test_folder_that_is_no_snapshot_is_left_out(tmp_path):
    config = PRESETS["small"]
    snapshots.write(tmp_path, 7, config, initial_weights(config))
    (tmp_path / "snapshots" / "0000009").mkdir()  # its writing was cut short
    (tmp_path / "snapshots" / "notes").mkdir()
    assert list(snapshots.list_snapshots(tmp_path)) == [7]


def test_run_without_snapshots_has_none(tmp_path):
    assert snapshots.list_snapshots(tmp_path) == {}


def test_some_snapshots_are_copied_in_equal_ratios_without_the_first_weights(tmp_path):
    config = PRESETS["small"]
    for step in (0, 1, 30, 100, 250, 900, 1600):
        snapshots.write(tmp_path / "run", step, config, initial_weights(config, step))
    snapshots.write(tmp_path / "shipped", 77, config, initial_weights(config))  # of an older one
    assert snapshots.copy_subset(tmp_path / "run", tmp_path / "shipped", 2) == [30, 250]
    kept = snapshots.list_snapshots(tmp_path / "shipped")
    assert list(kept) == [30, 250]
    _, weights = checkpoints.read(kept[250])
    expected = initial_weights(config, 250)["head/kernel"].astype(np.float16)
    np.testing.assert_array_equal(weights["head/kernel"], expected)
    copied = snapshots.copy_subset(tmp_path / "run", tmp_path / "shipped", 9)
    assert copied == [1, 30, 100, 250, 900, 1600]
