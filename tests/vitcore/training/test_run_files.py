"""Run folders: renamed, and taken along as a zip."""

import io
import json
import os
import zipfile

import pytest

from vitcore.config import TrainConfig
from vitcore.training import run_files, runs


@pytest.fixture
def folder(tmp_path):
    """A run that was interrupted: it is described by a process that is no more."""
    folder = tmp_path / "quiet-heron"
    runs.write_description(folder, TrainConfig(), pid=2**31 - 1)
    (folder / "events.jsonl").write_text('{"event": "step", "step": 1}\n')
    (folder / "weights.safetensors").write_bytes(bytes(1000))
    (folder / "state.safetensors").write_bytes(bytes(3000))
    (folder / "snapshots" / "0000001").mkdir(parents=True)
    (folder / "snapshots" / "0000001" / "weights.safetensors").write_bytes(bytes(500))
    (folder / "control").write_text("run")
    (folder / "run.json.1.part").write_text("{")
    return folder


def test_a_renamed_run_is_the_same_run(folder):
    new = run_files.rename(folder, "my-first.run_2")
    assert new.name == "my-first.run_2"
    assert not folder.exists()
    run = runs.read_run(new)
    assert (run.name, run.config) == ("my-first.run_2", TrainConfig())
    assert json.loads((new / "run.json").read_text())["name"] == "my-first.run_2"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../up",
        "a/b",
        "-x",
        "x" * 61,
        "nul",
        "COM1.x",
        "end.",
        "a\x00",
        "😀",
        "𠀀" * 60,
    ],
)
def test_what_is_no_name_is_refused_with_the_rule(folder, name):
    with pytest.raises(ValueError, match="up to 60 letters, digits, spaces"):
        run_files.rename(folder, name)
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("given", "name"), [("Class 7b run", "Class 7b run"), ("  a   b ", "a b"), ("e\u0301", "é")]
)
def test_a_name_may_have_spaces_and_letters_of_any_language(folder, given, name):
    assert run_files.rename(folder, given).name == name
    assert runs.read_run(folder.with_name(name)).name == name


def test_a_name_that_is_taken_is_refused(folder):
    folder.with_name("other").mkdir()
    with pytest.raises(ValueError, match="a model named other already"):
        run_files.rename(folder, "other")
    with pytest.raises(ValueError, match="a model named flexi-cifar10 already"):
        run_files.rename(folder, "flexi-cifar10", taken=("flexi-cifar10",))
    with pytest.raises(ValueError, match="quiet-heron already"):
        run_files.rename(folder, "quiet-heron")


def test_a_running_run_keeps_its_name(folder):
    runs.write_description(folder, TrainConfig(), pid=os.getpid())
    with pytest.raises(ValueError, match="quiet-heron is running"):
        run_files.rename(folder, "other")


def test_a_damaged_run_can_be_renamed(folder):
    (folder / "run.json").write_text("{")
    assert run_files.rename(folder, "odd").is_dir()


@pytest.mark.parametrize("with_state", [False, True])
def test_the_zip_holds_the_run_and_its_state_only_when_asked(folder, with_state):
    (folder / "link").symlink_to("/etc/hostname")
    file = io.BytesIO()
    run_files.archive(folder, file, with_state=with_state)
    with zipfile.ZipFile(file) as whole:
        assert whole.testzip() is None
        names = set(whole.namelist())
        assert whole.read("quiet-heron/weights.safetensors") == bytes(1000)
    inside = {"run.json", "events.jsonl", "weights.safetensors"}
    inside |= {"snapshots/0000001/weights.safetensors"}
    inside |= {"state.safetensors"} if with_state else set()
    assert names == {f"quiet-heron/{name}" for name in inside}
    files = [(folder / name).stat().st_size for name in inside]
    assert run_files.archive_size(folder, with_state=with_state) == sum(files)
