"""The process that waits for a run: real ones, which import TensorFlow."""

import sys
import time

import numpy as np
import pytest

from explorer.runs import standby_process
from explorer.runs.launcher import Launcher, _environment
from explorer.runs.standby_process import Spare
from vitcore import checkpoints
from vitcore.training import events
from vitcore.training.runs import read_run

TRAIN = "train --data sketch10 --preset tiny --batch-size 8 --num-sketches 32".split()


@pytest.fixture
def ready(tmp_path, monkeypatch):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    ready = Spare()
    ready.prepare(_environment(keep=False))
    yield ready
    ready.close()


def begin(ready, folder, steps, *, keep):
    folder.mkdir()
    command = [*TRAIN, f"--steps={steps}", f"--run-dir={folder}"]
    return ready.take(command, folder / "log.txt", keep=keep)


def until_stepped(folder):
    deadline = time.monotonic() + 60
    while not any(event["event"] == "step" for event in events.read(folder)[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def until_ended(folder):
    deadline = time.monotonic() + 60
    while not (run := read_run(folder)).ended:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return run


def test_run_after_run_in_one_process_learn_what_they_would_alone(ready, tmp_path):
    folders, process = [tmp_path / name for name in ("first", "other", "again")], None
    for folder, steps in zip(folders, (3, 2, 3), strict=True):
        before, process = process, begin(ready, folder, steps, keep=False)
        assert before in (None, process)
        assert until_ended(folder).state == "finished"
        assert ready.take_back(process, seconds=0)
    assert [read_run(folder).pid for folder in folders] == [process.pid] * 3
    assert all("finished" in (folder / "log.txt").read_text() for folder in folders)
    first, other, again = [checkpoints.read(folder)[1] for folder in folders]
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert any(not np.array_equal(values, other[name]) for name, values in first.items())

    assert begin(ready, tmp_path / "kept", 2, keep=True) is process
    assert process.stdin is None  # the server may end
    assert process.wait(timeout=60) == 0
    assert read_run(tmp_path / "kept").state == "finished"
    assert "finished" in (tmp_path / "kept" / "log.txt").read_text()
    assert not ready.take_back(process, seconds=0)
    assert begin(ready, tmp_path / "next", 2, keep=True) is None  # there was one


def test_a_process_that_waits_again_ends_with_its_server(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 2, keep=False)
    until_ended(tmp_path / "run")
    process.stdin.close()
    assert process.wait(timeout=10) in (0, 1)  # 1 where it had not begun to wait yet


def test_a_process_whose_run_was_deleted_does_not_wait(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 100_000, keep=False)
    until_stepped(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert process.wait(timeout=20) == 0
    process.stdin.close()


def test_a_run_in_a_spare_ends_with_its_server(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 100_000, keep=False)
    until_stepped(tmp_path / "run")
    process.stdin.close()
    process.wait(timeout=20)
    told, _ = events.read(tmp_path / "run")
    assert (told[-1]["event"], told[-1]["state"]) == ("end", "interrupted")


def test_a_spare_ends_with_its_server(ready):
    process = ready._process
    process.stdin.close()  # while it imports
    assert process.wait(timeout=10) == 0


def test_a_spare_that_is_about_to_leave_is_not_taken(ready, tmp_path, monkeypatch):
    process = ready._process
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + standby_process._KEPT)
    assert begin(ready, tmp_path / "run", 2, keep=False) is None
    assert process.poll() is not None


def test_a_process_waits_for_the_next_run_only_as_long_as_it_will_be_there(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 2, keep=False)
    assert ready.take_back(process, seconds=standby_process._KEPT)
    assert begin(ready, tmp_path / "other", 2, keep=False) is None
    assert process.poll() is not None


def test_a_process_that_has_had_enough_runs_is_ended(ready, tmp_path, monkeypatch):
    monkeypatch.setattr(standby_process, "_MOST_RUNS", 1)
    process = begin(ready, tmp_path / "run", 2, keep=False)
    assert not ready.take_back(process, seconds=0)
    assert process.poll() is not None


def test_a_spare_that_died_is_not_taken(ready, tmp_path):
    ready._process.kill()
    ready._process.wait()
    assert begin(ready, tmp_path / "run", 2, keep=False) is None


def test_another_program_has_no_spare(tmp_path):
    launcher = Launcher([sys.executable, "-c", "import sys; print(sys.argv[1])"])
    launcher.prepare()
    process = launcher.begin(["trains"], tmp_path / "log", keep=True)
    assert process.wait(timeout=10) == 0
    assert (tmp_path / "log").read_text().strip() == "trains"
