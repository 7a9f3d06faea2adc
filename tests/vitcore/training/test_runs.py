"""Runs: their folders, their states, and what is wrong with a damaged one."""

import json
import os
import struct
import subprocess
import sys
import time

import pytest

from vitcore.config import PRESETS, TrainConfig
from vitcore.training import runs
from vitcore.training.events import EventLog
from vitcore.training.runs import (
    delete_run,
    list_runs,
    new_folder,
    read_run,
    write_description,
)

TINY = TrainConfig(data="sketch10", epochs=2.0, seed=7)


def dead_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def write_weights(folder):
    (folder / "config.json").write_text(json.dumps({"model": PRESETS["tiny"].to_dict()}))
    header = json.dumps({"bias": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    data = struct.pack("<Q", len(header)) + header + bytes(8)
    (folder / "weights.safetensors").write_bytes(data)


@pytest.fixture
def make_run(tmp_path):
    """Make a run folder from a list of events."""

    def make_run(*lines, name="quiet-heron", alive=False, weights=True):
        folder = tmp_path / name
        write_description(folder, TINY, pid=os.getpid() if alive else dead_process())
        log = EventLog(folder)
        for kind, fields in lines:
            log(kind, **fields)
        log.close()
        if weights:
            write_weights(folder)
        return folder

    return make_run


START = ("start", {"steps": 140, "steps_per_epoch": 70, "parameters": 10})
STEP = ("step", {"step": 70, "epoch": 1.0, "loss": 1.5})
VALIDATION = ("validation", {"step": 70, "epoch": 1.0, "accuracy": 0.5})


def end(state, reason="", step=140):
    return ("end", {"state": state, "reason": reason, "step": step})


def test_a_described_run_is_read_back(make_run):
    run = read_run(make_run(START, STEP, VALIDATION, alive=True))
    assert run.name == "quiet-heron"
    assert run.config == TINY
    assert (run.step, run.steps, run.epoch) == (70, 140, 1.0)
    assert run.validation["accuracy"] == 0.5
    assert abs(run.created - time.time()) < 60


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_the_end_event_tells_the_state(make_run, state):
    run = read_run(make_run(START, STEP, end(state, "All 2 epochs are done.")))
    assert (run.state, run.problem, run.usable, run.step) == (state, "", True, 140)
    assert abs(run.ended - time.time()) < 60


def test_a_failed_run_says_why(make_run):
    run = read_run(make_run(START, end("failed", "The loss at step 3 is not a number.")))
    assert (run.state, run.problem) == ("failed", "The loss at step 3 is not a number.")


@pytest.mark.parametrize(("rate", "known"), [(2e-4, 2e-4), (-1.0, None), (0, None), ("x", None)])
def test_a_failed_run_tells_programs_its_cause_and_a_rate_to_try(make_run, rate, known):
    told = {**end("failed", "It fell apart.")[1], "cause": "diverged", "usable_rate": rate}
    run = read_run(make_run(START, ("end", told)))
    assert (run.cause, run.usable_rate) == ("diverged", known)


def test_a_failed_run_of_before_tells_no_cause(make_run):
    run = read_run(make_run(START, end("failed", "The loss became nan.")))
    assert (run.cause, run.usable_rate) == ("", None)


def test_without_an_end_it_runs_while_its_process_lives(make_run):
    run = read_run(make_run(START, STEP, alive=True))
    assert (run.state, run.ended) == ("running", 0)


def test_without_an_end_and_a_process_it_was_interrupted(make_run):
    run = read_run(make_run(START, STEP))
    assert run.state == "interrupted"
    assert run.problem == "Process killed, or the computer was shut down."


def test_the_log_speaks_for_a_process_that_could_not(make_run):
    folder = make_run(weights=False)
    (folder / "log.txt").write_text("Traceback\nImportError: no module named keras\n\n")
    run = read_run(folder)
    assert run.state == "interrupted"
    assert "ImportError: no module named keras" in run.problem
    assert not run.usable


def test_an_error_of_the_command_line_is_the_reason(make_run):
    folder = make_run(weights=False)
    (folder / "log.txt").write_text("error: CIFAR-10 is not on this machine\n")
    assert read_run(folder).problem == "CIFAR-10 is not on this machine."


def test_once_it_trains_its_log_is_no_reason(make_run):
    folder = make_run(START, STEP)
    (folder / "log.txt").write_text("epoch 1.0\n")
    assert read_run(folder).problem == "Process killed, or the computer was shut down."


def test_a_resumed_run_has_not_ended(make_run):
    run = read_run(make_run(START, STEP, end("stopped"), START, STEP, alive=True))
    assert run.state == "running"


def test_a_resumed_run_is_as_far_as_it_was_until_it_takes_a_step(make_run):
    run = read_run(make_run(START, STEP, VALIDATION, end("stopped", step=70), START, alive=True))
    assert (run.state, run.step, run.epoch) == ("running", 70, 1.0)
    assert run.validation["accuracy"] == 0.5


def test_a_run_knows_how_much_of_it_is_saved(make_run):
    saved = ("checkpoint", {"step": 0}), ("checkpoint", {"step": 35})
    assert read_run(make_run(START, *saved, STEP, end("stopped"))).saved == 35
    assert read_run(make_run(START, saved[0], STEP, name="first")).saved == 0
    assert read_run(make_run(START, STEP, name="none")).saved is None


def test_a_run_without_a_description_is_damaged(tmp_path):
    (tmp_path / "odd").mkdir()
    assert read_run(tmp_path / "odd").problem == "run.json is missing."


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("{", "is corrupted"),
        ("[]", "is corrupted"),
        ("{}", "'train'"),
        ('{"train": {"data": "mnist"}}', "data must be one of"),
        ('{"train": {"speed": 1}}', "unknown TrainConfig field: 'speed'"),
        ('{"train": {}}', "'created'"),
        ('{"train": {}, "created": "noon", "pid": 1}', 'seconds since 1970, got "noon"'),
        ('{"train": {}, "created": NaN, "pid": 1}', "seconds since 1970, got NaN"),
        ('{"train": {}, "created": 1e300, "pid": 1}', "seconds since 1970, got 1e+300"),
        ('{"train": {}, "created": 1}', "'pid'"),
        ('{"train": {}, "created": 1, "pid": 1e30}', "a process number"),
        ('{"train": {}, "created": 1, "pid": Infinity}', "a process number"),
        ('{"train": {}, "created": 1, "pid": 1%s}' % ("0" * 30), "a process number"),
        ('{"train": {"epochs": "x"}}', "epochs must be a number, got 'x'"),
        ('{"train": {"epochs": 1%s}}' % ("0" * 400), "epochs must be above 0 and at most 100,000"),
        ('{"train": {"patch_sizes": 4}}', "patch_sizes must be a list, got 4"),
        ('{"train": {"recipe": [1]}}', "recipe must be a string"),
        ('{"train": []}', "must be a dict"),
        ("[" * 200_000, "nesting too deep"),
        ('{"train": ' + "[" * 200_000, "nesting too deep"),
    ],
)
def test_a_damaged_description_is_named(tmp_path, text, wrong):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "run.json").write_text(text)
    run = read_run(folder)
    assert run.state == "damaged"
    assert not run.usable
    assert wrong in run.problem
    assert "'<'" not in run.problem  # the words of a program are none for a person


def test_half_written_weights_are_named(make_run):
    folder = make_run(START, STEP, end("finished"))
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    run = read_run(folder)
    assert run.state == "damaged"
    assert "weights.safetensors is corrupted" in run.problem
    assert not run.usable


@pytest.mark.parametrize("data", [b"", b"abc", struct.pack("<Q", 2**60), b"\2" + bytes(7) + b"{{"])
def test_any_bytes_in_place_of_weights_are_survived(make_run, data):
    folder = make_run(START, STEP, end("stopped"))
    (folder / "weights.safetensors").write_bytes(data)
    assert not read_run(folder).usable


def test_runs_are_listed_newest_first(make_run, tmp_path):
    for age, name in enumerate(["new", "older", "oldest"]):
        path = make_run(START, end("finished"), name=name) / "run.json"
        described = json.loads(path.read_text())
        path.write_text(json.dumps({**described, "created": 1000.0 - age}))
    (tmp_path / "broken").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "file").touch()
    assert [run.name for run in list_runs(tmp_path)] == ["new", "older", "oldest", "broken"]


def test_no_folder_is_no_runs(tmp_path):
    assert list_runs(tmp_path / "nowhere") == []


def test_runs_live_under_the_chosen_home(tmp_path, monkeypatch):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    folder = new_folder()
    assert folder.parent == tmp_path / "runs"
    assert [run.name for run in list_runs()] == [folder.name]


def test_names_are_two_words_and_never_taken_twice(tmp_path):
    names = [new_folder(tmp_path, seed=3).name for _ in range(3)]
    assert len(set(names)) == 3
    assert all(len(name.split("-")) == 2 for name in names)
    assert new_folder(tmp_path / "elsewhere", seed=3).name == names[0]


def test_describing_again_keeps_the_first_time(tmp_path):
    write_description(tmp_path / "run", TINY, pid=1)
    created = read_run(tmp_path / "run").created
    write_description(tmp_path / "run", TINY)
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert described["created"] == created
    assert described["pid"] == os.getpid()


def test_deleting_removes_everything(make_run, tmp_path):
    delete_run(make_run(START, end("finished")))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_run_can_be_deleted(tmp_path):
    (tmp_path / "odd").mkdir()
    delete_run(tmp_path / "odd")
    assert list(tmp_path.iterdir()) == []


def test_a_running_run_is_not_deleted(make_run):
    folder = make_run(START, alive=True)
    with pytest.raises(ValueError, match="quiet-heron is running"):
        delete_run(folder)
    assert folder.exists()


def test_deleting_a_link_leaves_what_it_points_to(make_run, tmp_path):
    folder = make_run(START, end("finished"))
    link = tmp_path / "link"
    link.symlink_to(folder)
    delete_run(link)
    assert folder.exists()
    assert not link.exists()


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "step", "step": "abc"}',
        '{"event": "step", "step": 1, "epoch": [1]}',
        '{"event": "start", "steps": "x"}',
        '{"event": "start", "steps": 1e400}',
        '{"event": "end", "state": "stopped", "step": {}}',
        '{"event": "validation", "accuracy": "good"}',
        '{"event": "checkpoint", "step": "abc"}',
        '{"event": ' + "[" * 200_000,
    ],
)
def test_odd_values_in_the_log_are_survived(make_run, line):
    folder = make_run(START, STEP)
    with open(folder / "events.jsonl", "a") as file:
        file.write(line + "\n")
    run = read_run(folder)
    assert run.state in ("interrupted", "stopped")
    assert isinstance(run.step, int)
    assert isinstance(run.steps, int)
    assert isinstance(run.epoch, float)
    assert (run.validation or {}).get("accuracy") is None


def test_a_folder_in_place_of_the_log_is_named(make_run):
    folder = make_run()
    (folder / "events.jsonl").unlink()
    (folder / "events.jsonl").mkdir()
    assert read_run(folder).problem == "events.jsonl could not be read: is a directory."


def header_of(text):
    return struct.pack("<Q", len(text)) + text.encode()


@pytest.mark.parametrize("state", ["finished", "stopped", "failed", "interrupted"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        header_of('{"a": {"data_offsets": [0, "x"]}}'),
        header_of('{"a": {"data_offsets": [0]}}'),
        header_of("[" * 200_000),
    ],
)
def test_damaged_weights_are_named_however_the_run_ended(make_run, state, data):
    ended = () if state == "interrupted" else (end(state, "The loss became nan."),)
    folder = make_run(START, *ended)
    (folder / "weights.safetensors").write_bytes(data)
    run = read_run(folder)
    assert run.state == ("damaged" if state in ("finished", "stopped") else state)
    assert "weights.safetensors is corrupted" in run.problem
    assert run.problem.startswith("The loss became nan.") == (state == "failed")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{garbage", "not JSON"),
        ("[" * 200_000, "nesting too deep"),
        ("[]", "no model"),
        ('{"model": 3}', "no model"),
        ('{"model": {"wide": 3}}', "wide"),
        ('{"model": {"width": 0}}', "width"),
    ],
)
def test_a_damaged_config_makes_a_finished_run_damaged(make_run, text, wrong):
    folder = make_run(START, end("finished"))
    assert read_run(folder).usable
    (folder / "config.json").write_text(text)
    run = read_run(folder)
    assert (run.state, run.usable) == ("damaged", False)
    assert run.problem.startswith("config.json is corrupted: ")
    assert wrong in run.problem


def test_a_stopped_run_without_weights_is_not_damaged(make_run):
    run = read_run(make_run(START, end("stopped"), weights=False))
    assert (run.state, run.problem, run.usable) == ("stopped", "", False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always text")
def test_a_folder_whose_name_is_no_text_is_passed_over(make_run, tmp_path):
    make_run(START, name="quiet-heron")
    os.mkdir(os.fsencode(tmp_path) + b"/bad\xff\xfename")
    assert [run.name for run in list_runs(tmp_path)] == ["quiet-heron"]


def test_a_log_without_a_single_event_makes_a_run_damaged(make_run):
    folder = make_run(START, end("stopped"))
    (folder / "events.jsonl").write_text("garbled\nall of it\n")
    run = read_run(folder)
    assert run.state == "damaged"
    assert run.problem == "events.jsonl is corrupted: no line is an event."


def test_a_log_is_read_on_from_where_it_was(make_run, rng):
    """As it grows by any number of bytes, and is cut back by a run that is resumed."""
    kinds = [START, STEP, VALIDATION, end("stopped", step=70), ("checkpoint", {"step": 3})]
    for number in range(8):
        lines = [kinds[i] for i in rng.integers(0, len(kinds), 12)]
        log = make_run(*lines, name=f"run-{number}") / "events.jsonl"
        whole, summary = log.read_bytes(), runs._Summary(log.parent)
        cuts = sorted(rng.integers(0, len(whole), 6))
        for length in (*cuts, len(whole), cuts[2], len(whole)):
            log.write_bytes(whole[:length])
            expected = {}
            for line in whole[:length].decode().splitlines(keepends=True):
                if line.endswith("\n"):
                    event = json.loads(line)
                    expected[event["event"]] = event
                    if event["event"] == "start":
                        expected.pop("end", None)
            assert summary.read()[0] == expected
