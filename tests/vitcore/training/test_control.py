"""Control: run, stop, pause and single steps, and the pipe that ends a run with its owner."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitcore.training.control import Control, write_control

ROOT = Path(__file__).resolve().parents[3]


def test_without_a_word_the_run_goes_on(tmp_path):
    assert Control(tmp_path).gate() == "run"


def test_stop_is_obeyed_at_the_next_gate(tmp_path):
    control = Control(tmp_path)
    control.gate()
    write_control(tmp_path, "stop")
    assert control.gate() == "stop"


def test_a_stop_written_before_the_run_is_ready_is_obeyed(tmp_path):
    write_control(tmp_path, "stop")
    assert Control(tmp_path).gate() == "stop"


def test_a_stop_from_inside_holds_against_the_file(tmp_path):
    control = Control(tmp_path)
    control.stop()
    write_control(tmp_path, "run")
    assert control.gate() == "stop"


@pytest.mark.parametrize("word", ["", "  ", "fly"])
def test_a_word_that_means_nothing_runs_on(tmp_path, word):
    (tmp_path / "control").write_text(word)
    assert Control(tmp_path).gate() == "run"


def test_the_last_word_stands_when_the_file_vanishes(tmp_path):
    control = Control(tmp_path)
    write_control(tmp_path, "stop")
    control.look()
    (tmp_path / "control").unlink()
    assert control.gate() == "stop"


def test_bytes_that_are_no_text_leave_the_last_word(tmp_path):
    control = Control(tmp_path)
    (tmp_path / "control").write_bytes(b"\xff\xfe")
    assert control.gate() == "run"


@pytest.mark.parametrize("word", ["run", "pause"])
def test_a_run_whose_folder_is_deleted_stops(tmp_path, word):
    folder = tmp_path / "quiet-heron"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    write_control(folder, word)
    control = Control(folder)
    assert not control.gone
    shutil.rmtree(folder)
    assert control.gone
    assert control.gate() == "stop"


def test_a_folder_that_never_described_a_run_is_not_gone(tmp_path):
    assert not Control(tmp_path / "nowhere").gone


def test_pause_waits_until_run(tmp_path):
    waits = []

    def clock(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            write_control(tmp_path, "run")

    write_control(tmp_path, "pause")
    assert Control(tmp_path, clock).gate() == "run"
    assert len(waits) == 3


def test_each_step_ticket_is_obeyed_once(tmp_path):
    words = iter(["step 2", "stop"])
    control = Control(tmp_path, lambda seconds: write_control(tmp_path, next(words)))
    write_control(tmp_path, "step 1")
    assert [control.gate() for _ in range(3)] == ["run", "run", "stop"]


def test_a_pause_and_what_ends_it_are_told_once(tmp_path):
    told, words = [], iter(["pause", "step 1"])
    control = Control(tmp_path, lambda seconds: write_control(tmp_path, next(words, "run")))
    write_control(tmp_path, "pause")
    assert control.gate(say=told.append) == "run"  # the single step
    assert told == ["paused"]
    assert control.gate(say=told.append) == "run"  # waits again, then runs on
    assert told == ["paused", "paused", "resumed"]
    assert control.gate(say=told.append) == "run"
    assert told == ["paused", "paused", "resumed"]


def test_one_epoch_runs_to_its_end_and_pauses(tmp_path):
    told = []
    control = Control(tmp_path, lambda seconds: write_control(tmp_path, "stop"))
    write_control(tmp_path, "epoch 1")
    # Asked for just where an epoch ended: the next one is done.
    ends = [True, False, False, True]
    assert [control.gate(epoch_ends=end, say=told.append) for end in ends] == [*["run"] * 3, "stop"]
    assert told == ["paused"]


def test_a_further_epoch_goes_on_from_a_pause(tmp_path):
    told = []
    control = Control(tmp_path, lambda seconds: write_control(tmp_path, "epoch 2"))
    write_control(tmp_path, "pause")
    assert control.gate(epoch_ends=True, say=told.append) == "run"
    assert told == ["paused", "resumed"]


def test_a_slowed_run_takes_as_many_steps_a_second_as_asked(tmp_path):
    control = Control(tmp_path)
    write_control(tmp_path, "run 20")
    started = time.monotonic()
    for _ in range(5):
        assert control.gate() == "run"
    assert time.monotonic() - started >= 4 / 20
    write_control(tmp_path, "run 1")
    control.gate()
    write_control(tmp_path, "run")  # and full speed is obeyed at once
    started = time.monotonic()
    assert control.gate() == "run"
    assert time.monotonic() - started < 0.5


def test_a_stop_ends_a_slow_run_at_once(tmp_path):
    control = Control(tmp_path, lambda seconds: write_control(tmp_path, "stop"))
    write_control(tmp_path, "run 1")
    assert [control.gate(), control.gate()] == ["run", "stop"]


@pytest.mark.parametrize("word", ["", "go", "step", "step x", "stop now", "epoch", "run fast"])
def test_only_known_words_are_written(tmp_path, word):
    with pytest.raises(ValueError, match="word must be run, .* got"):
        write_control(tmp_path, word)
    assert list(tmp_path.iterdir()) == []


def test_writing_leaves_one_file(tmp_path):
    write_control(tmp_path, "run")
    write_control(tmp_path, "stop")
    assert [path.name for path in tmp_path.iterdir()] == ["control"]


LOOP = """
import sys, time
from vitcore.training.control import Control, watch_parent
control = Control(sys.argv[1])
watch_parent(control, grace=float(sys.argv[2]))
while control.gate() == "run":
    print("step", flush=True)
    time.sleep(float(sys.argv[3]))
print("saved", flush=True)
"""


def start(folder, *, grace, step, lifeline="1"):
    return subprocess.Popen(
        [sys.executable, "-c", LOOP, str(folder), str(grace), str(step)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "VITCORE_LIFELINE": lifeline},
        text=True,
    )


def test_the_run_saves_and_leaves_when_its_owner_is_gone(tmp_path):
    with start(tmp_path, grace=20, step=0.01) as process:
        assert process.stdout.readline() == "step\n"
        process.stdin.close()
        assert process.stdout.read().endswith("saved\n")
        assert process.wait(10) == 0


def test_a_step_that_never_ends_does_not_outlive_the_grace(tmp_path):
    with start(tmp_path, grace=0.1, step=60) as process:
        assert process.stdout.readline() == "step\n"
        process.stdin.close()
        assert process.wait(10) == 1


def test_without_the_variable_the_input_does_not_matter(tmp_path):
    with start(tmp_path, grace=0.1, step=0.01, lifeline="") as process:
        assert process.stdout.readline() == "step\n"
        process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        write_control(tmp_path, "stop")
        assert process.wait(10) == 0
