"""A full disk: the run pauses, says so, and goes on when told."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tests.vitcore.small_models import random_weights
from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.checkpoints import WEIGHTS
from vitcore.training import events, runs, snapshots
from vitcore.training.control import Control, write_control
from vitcore.training.distributed import ProcessGroup
from vitcore.training.loop import Run, train
from vitcore.training.run_folder import SPARE, RunFolder
from vitcore.training.step import Trainer
from vitcore.training.train_state import STATE, saved_progress

SHORT = CONFIG.replace(patch_sizes=(16,))  # three steps to an epoch, at whose end it is saved


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)


def full_for(write, name, calls):
    """`write`, but for these calls for a file called `name`: there the disk is full.

    As the library does it: half of the file is there, and the error is no OSError.
    """
    counted = []

    def writing(arrays, path, metadata=None):
        counted.extend([path] if Path(path).name.startswith(name) else [])
        if Path(path).name.startswith(name) and len(counted) in calls:
            Path(path).write_bytes(b"half")
            raise SafetensorError("Error while serializing: I/O error: No space (os error 28)")
        write(arrays, path, metadata=metadata)

    return writing


def told(folder, *kinds):
    return [event for event in events.read(folder)[0] if event["event"] in kinds]


def goes_on(folder):
    """Tell a run to go on, each time that a full disk has paused it."""

    def notice(event):
        if event["event"] == "paused" and "reason" in event:
            write_control(folder, "run")

    return notice


def test_run_waits_with_its_checkpoint_and_ends_like_any_other(tmp_path, monkeypatch):
    straight, tmp_path = tmp_path / "straight", tmp_path / "waits"
    train(straight, SHORT)  # there was room all the time
    files = (STATE, WEIGHTS)
    # The last checkpoint of three, first the one file and then the other. Snapshots are weights,
    # too: those of the start and of each step.
    last = 1 + SHORT.steps + 2
    write = full_for(checkpoints.save_file, STATE, range(3, 5))
    write = full_for(write, WEIGHTS, range(last, last + 2))
    before, waiting = {}, []

    def watch(event):
        if event["event"] == "checkpoint" and event["step"] == 3:
            before.update({file: (tmp_path / file).read_bytes() for file in files})
        if event["event"] == "paused":
            waiting.append({file: (tmp_path / file).read_bytes() for file in files})
            assert saved_progress(tmp_path)[1].step == 3
            assert not list(tmp_path.rglob("*.part"))  # what was kept for this was given up
            write_control(tmp_path, "run")

    monkeypatch.setattr(checkpoints, "save_file", write)
    assert Run(tmp_path, SHORT, notice=watch).train() == "finished"
    assert waiting == [before] * 4  # each of the two files was refused twice
    *paused, resumed = told(tmp_path, "paused", "resumed")
    assert {(one["event"], one["step"]) for one in paused} == {("paused", 6)}
    assert resumed["event"] == "resumed"
    assert paused[0]["reason"] == "Disk full: the checkpoint at step 6 could not be written."
    one, other = load_file(straight / STATE), load_file(tmp_path / STATE)
    assert all((one[key] == other[key]).all() for key in one)
    assert not list(tmp_path.rglob("*.part"))


@pytest.fixture
def folder(tmp_path):
    """A run's folder, with nothing that trains."""
    folder = RunFolder(
        tmp_path, SHORT, control=Control(tmp_path), group=ProcessGroup(), notice=goes_on(tmp_path)
    )
    folder.open(resume=False, fitting=lambda arrays: arrays)
    yield folder
    folder.end(state="stopped", reason="", step=0)


def test_snapshot_that_finds_no_room_is_written_later(folder, monkeypatch):
    monkeypatch.setattr(
        checkpoints, "save_file", full_for(checkpoints.save_file, WEIGHTS, range(1, 3))
    )
    folder.snapshot(random_weights(SHORT.model_config()), 4)
    assert list(snapshots.list_snapshots(folder.path)) == [4]
    said = events.read(folder.path)[0]
    assert [event["event"] for event in said] == ["paused", "paused", "resumed", "snapshot"]
    assert said[0]["reason"] == "Disk full: the snapshot at step 4 could not be written."


def test_line_that_finds_no_room_is_told_in_what_was_laid_aside(folder, monkeypatch):
    write = os.write
    assert (folder.path / SPARE).stat().st_size == 16_384

    def full(descriptor, data):
        """A few bytes have room, and what was laid aside, once it is given up."""
        return write(descriptor, data[:9] if (folder.path / SPARE).exists() else data)

    def tidy_up(event):
        monkeypatch.undo()
        goes_on(folder.path)(event)

    monkeypatch.setattr(events.os, "write", full)
    monkeypatch.setattr(folder, "_notice", tidy_up)
    folder.say("step", step=2)
    paused, step, resumed = events.read(folder.path)[0]
    assert paused["reason"] == "Disk full: events.jsonl could not be written."
    assert (step["event"], resumed["event"]) == ("step", "resumed")
    assert (folder.path / SPARE).exists()
    lines = (folder.path / events.FILE_NAME).read_bytes().splitlines()
    assert all(events.parse(line) for line in lines)


@pytest.fixture
def never_room(monkeypatch):
    write = full_for(checkpoints.save_file, STATE, range(1, 10_000))
    monkeypatch.setattr(checkpoints, "save_file", write)


def test_stop_is_obeyed_while_it_waits(tmp_path, never_room):
    def watch(event):
        if event["event"] == "paused" and "reason" in event:
            write_control(tmp_path, "stop")

    write_control(tmp_path, "pause")
    assert Run(tmp_path, SHORT, notice=watch).train() == "stopped"
    end = events.read(tmp_path)[0][-1]
    assert (end["state"], end["reason"]) == (
        "stopped",
        "Stopped while the disk was full: the checkpoint at step 0 could not be written; "
        "no checkpoint was written.",
    )
    assert not (tmp_path / STATE).exists()
    assert not list(tmp_path.rglob("*.part"))


def test_a_stop_is_heard_on_a_full_disk(tmp_path, monkeypatch):
    write_control(tmp_path, "step 17")
    write_text = Path.write_text

    def full(path, text, **options):
        write_text(path, "", **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    write_control(tmp_path, "stop")
    assert Control(tmp_path).look() == "stop"
    assert [path.name for path in tmp_path.iterdir()] == ["control"]


def test_folder_deleted_while_the_disk_is_full_ends_the_run(tmp_path, never_room):
    folder = tmp_path / "quiet-heron"
    runs.write_description(folder, SHORT)
    write_control(folder, "pause")
    ended = []

    def watch(event):
        if event["event"] == "paused" and "reason" in event:
            shutil.rmtree(folder)
        if event["event"] == "end":
            ended.append(event["reason"])

    assert Run(folder, SHORT, notice=watch).train() == "stopped"
    assert ended == ["The run folder was deleted."]
    assert not folder.exists()
