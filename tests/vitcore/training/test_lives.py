"""Processes: this one lives, an ended one does not, and only the one that is meant is ended."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitcore.training.processes import end_process, process_lives

ROOT = Path(__file__).resolve().parents[3]


def dead_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_this_process_lives_and_an_ended_one_does_not():
    assert process_lives(os.getpid(), time.time())
    assert not process_lives(dead_process(), time.time())
    assert not process_lives(0, time.time())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_a_younger_process_with_the_same_number_is_another_one():
    assert not process_lives(os.getpid(), time.time() - 10 * 365 * 86400)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_waiting_to_be_collected_has_ended():
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        process.stdout.read()
        deadline = time.monotonic() + 5
        while process_lives(process.pid, time.time()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not process_lives(process.pid, time.time())
        assert process.returncode is None


@pytest.fixture
def held(tmp_path):
    """A process, and a file that it has open."""
    file = tmp_path / "log.txt"
    with (
        open(file, "w") as out,
        subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=out
        ) as process,
    ):
        yield process, file


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is not certain which is meant")
def test_a_process_that_has_its_file_open_is_ended(held, tmp_path):
    process, file = held
    assert end_process(process.pid, time.time(), holding=[tmp_path / "missing", file])
    assert process.wait() == -9
    assert not end_process(process.pid, time.time(), holding=[file])


def test_a_process_that_may_not_be_meant_is_left_alone(held, tmp_path, monkeypatch):
    process, file = held
    other = tmp_path / "other.txt"
    other.touch()
    assert not end_process(process.pid, time.time(), holding=[other, tmp_path / "missing"])
    assert not end_process(os.getpid(), time.time(), holding=[file])
    if sys.platform == "linux":
        assert not end_process(process.pid, time.time() - 3600, holding=[file])  # began later
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert not end_process(process.pid, time.time(), holding=[file])
    assert process.poll() is None


def test_process_that_leaves_waits_for_nothing_that_is_being_compiled():
    code = (
        "import threading, time\n"
        "from vitcore.training.processes import COMPILING, leave\n"
        "threading.Thread(target=time.sleep, args=(60,), name=COMPILING + '_0').start()\n"
        "print('said')\n"
        "leave(3)"
    )
    left = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (left.returncode, left.stdout) == (3, "said\n")
