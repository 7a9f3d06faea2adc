"""The process that waits for a run: real ones, which import TensorFlow."""

import sys
import time

import pytest

from explorer.runs import spare
from explorer.runs.launcher import Launcher, _environment
from explorer.runs.spare import Spare
from vitcore.training import events

TRAIN = "train --data sketch10 --preset tiny --batch-size 8 --train-size 32".split()


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


def test_a_spare_becomes_the_run(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 2, keep=True)
    assert process.stdin is None  # the server may end
    assert process.wait(timeout=60) == 0
    told, _ = events.read(tmp_path / "run")
    assert (told[-1]["event"], told[-1]["state"]) == ("end", "finished")
    assert "finished" in (tmp_path / "run" / "log.txt").read_text()
    assert ready.take([], tmp_path / "log.txt", keep=True) is None  # there was one


def test_a_run_in_a_spare_ends_with_its_server(ready, tmp_path):
    process = begin(ready, tmp_path / "run", 100_000, keep=False)
    deadline = time.monotonic() + 60
    while not any(event["event"] == "step" for event in events.read(tmp_path / "run")[0]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
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
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + spare._KEPT)
    assert begin(ready, tmp_path / "run", 2, keep=False) is None
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
