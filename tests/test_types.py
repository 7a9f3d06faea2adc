"""Types hold together: mypy finds nothing in the packages that .mypy.ini names."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_mypy_finds_nothing():
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ".mypy.ini"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
