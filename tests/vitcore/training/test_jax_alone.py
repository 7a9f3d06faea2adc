"""Under JAX nothing of the command line needs TensorFlow, Streamlit or anything else besides."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
def test_training_evaluating_and_describing_need_jax_and_keras_alone(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "tests.vitcore.training.jax_alone", str(tmp_path / "run")],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    compiled, blocked = ended.stdout.splitlines()[-2:]
    assert blocked == "blocked: plotly streamlit tensorflow"
    assert compiled == "compiled each step: 1"  # those compiled ahead were the very ones used
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["software"].split(",")[0].endswith("on jax")
