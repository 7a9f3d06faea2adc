"""Processes that draw batches: they begin without Keras, and end with whom they draw for."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.vitcore.training.small_runs import CONFIG
from vitcore.training import drawing
from vitcore.training.processes import process_lives


def loaded():
    return sorted({"jax", "keras", "tensorflow"} & set(sys.modules))


def test_drawing_process_never_loads_what_computes():
    with drawing.processes(1, CONFIG, 4, None, 12) as pool:
        assert len(pool.submit(drawing.draw, 0).result().labels) == CONFIG.batch_size
        assert pool.submit(loaded).result() == []


def test_error_while_drawing_reaches_who_waits_for_the_batch():
    with drawing.processes(1, CONFIG, 4, None, 12) as pool:
        drawn = pool.submit(drawing.draw, -1)
        with pytest.raises(ValueError, match="non-negative"):  # NumPy's, of the step
            drawn.result()


KILLED = """
import time
from tests.vitcore.training.small_runs import CONFIG
from vitcore.training import drawing

if __name__ == "__main__":
    pool = drawing.processes(2, CONFIG, 4, None, 12)
    pool.submit(drawing.draw, 0).result()
    pool.submit(drawing.draw, 1).result()
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


def living(pids):
    return [pid for pid in pids if process_lives(pid, time.time())]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_drawing_processes_end_with_the_one_that_trains(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    training = subprocess.Popen(
        [sys.executable, tmp_path / "killed.py"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        drawing_pids = [int(pid) for pid in training.stdout.readline().split()]
        assert drawing_pids
        assert living(drawing_pids) == drawing_pids
    finally:
        training.kill()
        training.wait()
        training.stdout.close()
    patience = time.monotonic() + 20
    while living(drawing_pids) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not living(drawing_pids)
