"""A checkpoint that cannot be written, or only half, leaves the one before it as it was."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.checkpoints import WEIGHTS, save_arrays
from vitcore.training import events
from vitcore.training.loop import Run, train
from vitcore.training.step import Trainer
from vitcore.training.train_state import STATE, saved_progress

SHORT = CONFIG.replace(patch_sizes=(16,))  # three steps to an epoch, at whose end it is saved


@pytest.fixture(autouse=True)
def nothing_to_learn(monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)


def broken_at(write, number, name):
    """`write`, but for its call number `number` for a file called `name`: there the disk breaks.

    As the library does it: half of the file is there, and the error is no OSError.
    """
    calls = []

    def writing(arrays, path, metadata=None):
        calls.append(path)
        if sum(Path(call).name.startswith(name) for call in calls) == number:
            Path(path).write_bytes(b"half")
            raise SafetensorError(
                "Error while serializing: I/O error: Input/output error (os error 5)"
            )
        write(arrays, path, metadata=metadata)

    return writing


@pytest.mark.parametrize("name", [STATE, WEIGHTS])
def test_broken_disk_leaves_the_checkpoint_before_and_says_so(tmp_path, monkeypatch, name):
    run = Run(tmp_path, SHORT)
    # The last checkpoint of three. Snapshots are weights, too: the start's and each step's.
    number = {STATE: 3, WEIGHTS: 1 + SHORT.steps + 2}[name]
    before = {}

    def watch(event):
        if event["event"] == "checkpoint":
            before.update({file: (tmp_path / file).read_bytes() for file in (STATE, WEIGHTS)})

    run.folder._notice = watch
    monkeypatch.setattr(checkpoints, "save_file", broken_at(checkpoints.save_file, number, name))
    message = (
        "the checkpoint at step 6 could not be written: input/output error; "
        "the run can be resumed from the checkpoint at step 3"
    )
    with pytest.raises(OSError, match=message):
        run.train()
    assert {file: (tmp_path / file).read_bytes() for file in before} == before
    assert saved_progress(tmp_path)[1].step == 3
    assert not list(tmp_path.rglob("*.part"))
    end = events.read(tmp_path)[0][-1]
    assert (end["state"], end["reason"]) == ("failed", f"Error: {message}")

    monkeypatch.undo()
    monkeypatch.setattr(Trainer, "begin", quick_step)
    told = []
    resumed = train(tmp_path, SHORT, resume=True, notice=told.append)
    assert (told[0]["event"], told[0]["step"]) == ("start", 3)
    assert resumed.progress.step == 6


def test_broken_disk_before_any_checkpoint_says_that_there_is_none(tmp_path, monkeypatch):
    run = Run(tmp_path, SHORT)
    run.control.stop()
    monkeypatch.setattr(checkpoints, "save_file", broken_at(checkpoints.save_file, 1, STATE))
    with pytest.raises(OSError, match="input/output error; no checkpoint was written"):
        run.train()
    assert not (tmp_path / STATE).exists()
    assert not (tmp_path / WEIGHTS).exists()


def test_log_that_cannot_be_written_ends_the_run_in_a_sentence(tmp_path, monkeypatch):
    run = Run(tmp_path, SHORT)

    def broken(*_, **__):
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(run.folder, "_log", broken)
    broken.close = lambda: None
    with pytest.raises(OSError, match=r"events.jsonl could not be written: input/output error"):
        run.train()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the message is this system's")
def test_error_of_the_library_is_the_systems(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        save_arrays({"a": np.zeros(3)}, tmp_path)
    assert caught.value.filename == str(tmp_path)
