"""What is no file holds nobody up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.regular_files import open_regular, read_regular
from vitcore.training import runs
from vitcore.training.events import EventLog

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")


def test_a_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"12")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_regular(tmp_path / "link") == b"12"
    with open_regular(tmp_path / "file") as file:
        assert file.read(1) == b"1"
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nothing")


@pytest.mark.parametrize("what", ["a pipe", "a device", "a folder"])
def test_nothing_else_is_opened(tmp_path, what):
    path = tmp_path / "odd"
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(OSError, match="not a regular file|Is a directory"):
        open_regular(path)


def test_weights_that_are_a_pipe_are_corrupted(tmp_path):
    checkpoints.write(tmp_path, config := small_config(), random_weights(config))
    (tmp_path / "weights.safetensors").unlink()
    os.mkfifo(tmp_path / "weights.safetensors")
    for read in (checkpoints.read, lambda folder: checkpoints.read_some(folder, ["head/bias"])):
        with pytest.raises(checkpoints.CheckpointError, match="not a regular file"):
            read(tmp_path)


# In a process of its own, which can be ended where it hangs.
LOOKS = """
import json, sys
from pathlib import Path
from explorer.runs import rights
from vitcore.training import model_files, runs
folder = Path(sys.argv[1])
(run,) = runs.list_runs(folder.parent)
print(json.dumps([model_files.problem(folder), run.state, run.problem, rights.owner(folder)]))
"""


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("config.json", ["config.json could not be read: not a regular file."]),
        ("weights.safetensors", ["weights.safetensors could not be read: not a regular file."]),
        ("run.json", ["", "damaged", "run.json could not be read: not a regular file.", "anna"]),
        ("events.jsonl", ["", "damaged", "events.jsonl could not be read: not a regular file."]),
        ("owner", ["", "finished", "", ""]),
    ],
)
def test_a_pipe_in_place_of_a_file_of_a_run_is_said(tmp_path, odd, said):
    folder = tmp_path / "run"
    checkpoints.write(folder, config := small_config(), random_weights(config))
    runs.write_description(folder, TrainConfig(preset="tiny"), pid=2**22 + 1)
    log = EventLog(folder)
    log("start", steps=2, steps_per_epoch=2, parameters=1)
    log("end", state="finished", step=2, reason="", cause="")
    log.close()
    (folder / "owner").write_text("anna")
    (folder / odd).unlink()
    os.mkfifo(folder / odd)
    command = [sys.executable, "-c", LOOKS, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found[: len(said)] == said
