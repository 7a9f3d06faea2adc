"""Who may import whom: the rule that keeps the rooms apart."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("keras", "tensorflow", "jax", "torch")
NUMPY_ONLY = (
    "vitcore/__init__.py",
    "vitcore/config.py",
    "vitcore/patches.py",
    "vitcore/cache.py",
    "vitcore/checkpoints/",
    "vitcore/datasets/",
    "vitcore/flops.py",
    "vitcore/intervention.py",
    "vitcore/introspection/",
    "vitcore/model_config.py",
    "vitcore/passes.py",
    "vitcore/probabilities.py",
    "vitcore/report.py",
    "vitcore/training/__init__.py",
    "vitcore/training/ahead.py",
    "vitcore/training/control.py",
    "vitcore/training/data.py",
    "vitcore/training/divergence.py",
    "vitcore/training/drawing.py",
    "vitcore/training/endings.py",
    "vitcore/training/events.py",
    "vitcore/training/flags.py",
    "vitcore/training/runs.py",
    "vitcore/training/snapshots.py",
    "vitcore/training/tensorboard.py",
    "vitcore/training/validating.py",
)
MODEL_CODE = (
    "vitcore.backend",
    "vitcore.bench",
    "vitcore.evaluation",
    "vitcore.attention",
    "vitcore.embeddings",
    "vitcore.encoder",
    "vitcore.model",
    "vitcore.class_relevance",
    "vitcore.erasing",
    "vitcore.heads_off",
    "vitcore.likeness",
    "vitcore.readability",
    "vitcore.tracing",
    "vitcore.training.loop",
    "vitcore.training.step",
)
FORBIDDEN = {  # files starting with -> modules they must not import
    "vitcore/": ("explorer", "streamlit", "plotly"),
    "explorer/figures/": ("vitcore", "streamlit", *HEAVY),
    "explorer/words/": ("streamlit", "plotly", *HEAVY, *MODEL_CODE),
    "explorer/runs/jobs": ("streamlit", "plotly", *HEAVY),
    "explorer/views/": ("plotly", *HEAVY, *MODEL_CODE),
    "explorer/components/": (*HEAVY, *MODEL_CODE),
    **dict.fromkeys(NUMPY_ONLY, ("explorer", "streamlit", "plotly", *HEAVY)),
}


def imports(tree):
    """Every dotted name that a syntax tree imports: `from a import b` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def files(start):
    return [
        file
        for room in ("vitcore", "explorer")
        for file in sorted((ROOT / room).rglob("*.py"))
        if file.relative_to(ROOT).as_posix().startswith(start)
    ]


def found(tree, forbidden):
    return {
        name
        for name in imports(tree)
        if any(name == module or name.startswith(f"{module}.") for module in forbidden)
    }


@pytest.mark.parametrize("start", FORBIDDEN)
def test_imports_stay_inside_their_room(start):
    wrong = {
        str(file.relative_to(ROOT)): names
        for file in files(start)
        if (names := found(ast.parse(file.read_text()), FORBIDDEN[start]))
    }
    assert not wrong


def test_explorer_imports_the_model_only_inside_functions_of_the_worker():
    wrong = {}
    for file in files("explorer/"):
        tree = ast.parse(file.read_text())
        if file.name.endswith("tasks.py"):  # what runs there runs in the other process
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            tree = ast.Module([node for node in tree.body if not isinstance(node, functions)], [])
        if names := found(tree, (*HEAVY, *MODEL_CODE)):
            wrong[str(file.relative_to(ROOT))] = names
    assert not wrong


def test_relative_imports_are_not_used():
    # The table above reads dotted names only.
    relative = [
        str(file.relative_to(ROOT))
        for file in files("")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def loaded_after(code):
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return {name.partition(".")[0] for name in printed.splitlines()[-1].split()}


def test_importing_vitcore_loads_no_model_library():
    assert not loaded_after("import vitcore") & {*HEAVY, "streamlit", "plotly"}


def loaded_with(*starts):
    """What importing all modules of some rooms loads, directly or through others."""
    names = {
        file.relative_to(ROOT)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
        .removesuffix(".__init__")
        for start in starts
        for file in files(start)
    }
    return loaded_after("\n".join(f"import {name}" for name in sorted(names)))


def test_the_numpy_only_modules_load_no_model_library():
    assert not loaded_with(*NUMPY_ONLY) & {*HEAVY}


def test_words_are_written_without_streamlit():
    assert not loaded_with("explorer/words/") & {"streamlit", "plotly", *HEAVY}
