"""A run that is killed at any moment goes on to what it would have become."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="its processes are forks of one")
def test_three_kills_lose_nothing_and_change_nothing():
    # The third comes while a checkpoint is half written.
    command = [sys.executable, "-m", "tests.bench.kills", "--times", "3", "--steps", "24"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "3 kills survived" in ended.stdout
