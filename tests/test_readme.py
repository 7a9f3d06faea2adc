"""What README says can be done, done."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vitcore
from vitcore import PRESETS, checkpoints

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_notebook_example_runs_and_its_shapes_are_right():
    (example,) = [code for code in EXAMPLES if "vitcore.load(" in code]
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
    heads, tokens = f"({flexi.depth}, {flexi.num_heads}", flexi.tokens(4)
    square = f"{tokens}, {tokens})"
    assert printed.strip() == f"(10, 10) {heads}, {square} ({square} {heads})"
    for shape in re.findall(r"# (\(\d[\d, ]*\))", example):
        assert shape in printed


@pytest.mark.parametrize("library", ["transformers", "timm"])
def test_each_example_of_ones_own_model_is_a_few_steps_to_a_view(library):
    (example,) = [code for code in EXAMPLES if re.search(rf"(import|from) {library}\b", code)]
    body = [
        step
        for step in ast.parse(example).body
        if not isinstance(step, ast.Import | ast.ImportFrom)
    ]
    assert len(body) <= 6
    call = body[-1].value
    assert ast.unparse(call.func) == "vitcore.show"
    inspect.signature(vitcore.show).bind(*call.args, **{k.arg: k.value for k in call.keywords})


def test_what_the_models_reach_is_what_their_cards_say():
    rows = re.findall(r"^\| (\w+-cifar10) \|.*\| ([\d.]+)% \|$", README, re.MULTILINE)
    measured = {name: checkpoints.card(name)["accuracy"]["cifar10"]["4"] for name, _ in rows}
    assert {*measured} == {*checkpoints.bundled()}
    assert dict(rows) == {name: f"{100 * share:.1f}" for name, share in measured.items()}


def test_every_file_and_image_that_is_named_is_there():
    named = re.findall(r"(?:explorer|vitcore|tests)/[\w/]+(?:\.\w+|/)", README)
    missing = {name for name in named if "name" not in name and not (ROOT / name).exists()}
    assert not missing
