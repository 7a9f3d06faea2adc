"""Processes: this one lives, an ended one does not."""

import os
import subprocess
import sys
import time

import pytest

from vitcore.training.processes import process_lives


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
