"""Processes that draw batches: they begin without Keras, and end with whom they draw for."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.vitcore.training.small_runs import CONFIG
from vitcore.training.prefetch import BatchWorkers
from vitcore.training.processes import process_lives

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def workers():
    with BatchWorkers(2, CONFIG, 4, None, 12) as workers:
        yield workers


def test_worker_process_never_loads_what_computes():
    heavy = ("jax", "keras", "tensorflow")
    code = (
        "import sys, vitcore.training.prefetch, vitcore.training.data\n"
        f"print(sorted(set({heavy}) & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_error_while_drawing_reaches_who_waits_for_the_batch(workers):
    with pytest.raises(ValueError, match="non-negative"):  # NumPy's, of the step
        workers.draw(-1)
    assert len(workers.draw(0).labels) == CONFIG.batch_size  # and nothing else is lost


def test_process_that_is_gone_is_told_of(workers):
    for process in workers.processes:
        process.kill()
        process.wait()
    with pytest.raises(OSError, match="a data-loading process ended by signal 9"):
        workers.draw(0)


def test_answer_that_is_cut_short_is_told_of_as_well():
    with BatchWorkers(
        1, CONFIG.replace(batch_size=20), 4, None, 12
    ) as workers:  # more than a pipe holds
        (process,) = workers.processes
        pickle.dump(0, process.stdin)
        process.stdin.flush()
        process.stdout.peek(1)  # it has begun to answer
        process.kill()
        process.wait()
        with pytest.raises(OSError, match="ended by signal 9"):
            workers.draw(1)


def test_run_that_cannot_begin_says_why(tmp_path):
    config = CONFIG.replace(data="cifar10")
    with BatchWorkers(1, config, 4, tmp_path, 12) as workers:
        for _ in range(2):
            with pytest.raises(FileNotFoundError, match="CIFAR-10 not found"):
                workers.draw(0)


def test_files_where_it_is_started_do_not_stand_in_for_modules(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit(5)")
    monkeypatch.chdir(tmp_path)
    with BatchWorkers(1, CONFIG, 4, None, 12) as workers:
        assert len(workers.draw(0).labels) == CONFIG.batch_size


def test_processes_are_gone_when_they_are_no_longer_needed():
    with BatchWorkers(2, CONFIG, 4, None, 12) as workers:
        workers.draw(0)
    assert [process.returncode for process in workers.processes] == [0, 0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
def test_process_that_hangs_does_not_keep_the_run_from_its_end(monkeypatch):
    monkeypatch.setattr("vitcore.training.prefetch._PATIENCE", 0.1)
    with BatchWorkers(2, CONFIG, 4, None, 12) as workers:
        workers.draw(0)
        workers.processes[0].send_signal(signal.SIGSTOP)
    hanging, other = (process.returncode for process in workers.processes)
    assert hanging == -signal.SIGKILL
    assert other in (0, -signal.SIGKILL)  # on a busy machine it, too, may be late


# A script that is not guarded against a second run.
KILLED = """
import time
from tests.vitcore.training.small_runs import CONFIG
from vitcore.training.prefetch import BatchWorkers

workers = BatchWorkers(2, CONFIG, 4, None, 12)
workers.draw(0)
print(*(process.pid for process in workers.processes), flush=True)
time.sleep(60)
"""


def living(pids):
    return [pid for pid in pids if process_lives(pid, time.time())]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_worker_processes_end_with_the_one_that_trains(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    training = subprocess.Popen(
        [sys.executable, tmp_path / "killed.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pids_of_workers = [int(pid) for pid in training.stdout.readline().split()]
        assert pids_of_workers
        assert living(pids_of_workers) == pids_of_workers
    finally:
        training.kill()
        training.wait()
        training.stdout.close()
    patience = time.monotonic() + 20
    while living(pids_of_workers) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not living(pids_of_workers)
