"""What README says can be done, done."""

import os
import re
import subprocess
import sys
from pathlib import Path

from vitcore import PRESETS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_notebook_example_runs_and_its_shapes_are_right():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    checks = "print(probabilities.shape, trace.attention.shape, flow.shape, reach.shape)"
    printed = subprocess.run(
        [sys.executable, "-c", example + checks],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    flexi = PRESETS["flexi"]
    heads = f"({flexi.depth}, {flexi.heads}"
    assert printed.strip() == f"(10, 10) {heads}, 64, 64) (64, 64) {heads})"


def test_every_file_and_picture_that_is_named_is_there():
    named = re.findall(r"(?:explorer|vitcore|tests)/[\w/]+(?:\.\w+|/)", README)
    missing = {name for name in named if "name" not in name and not (ROOT / name).exists()}
    assert not missing
