"""The names that notebooks and pages rely on."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import vitcore

ROOT = Path(vitcore.__file__).parent.parent
PROMISED = (
    "load",
    "predict",
    "trace",
    "cut",
    "rollout",
    "attention_distance",
    "position_similarity",
    "relevance",
    "occlusion",
    "faithfulness",
    "head_importance",
    "early_answers",
    "attention_entropy",
    "patches",
    "cifar10",
    "sketch10",
    "Intervention",
)


def fresh_python(code):
    """What a new process prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("name", PROMISED)
def test_promised_name_is_there_listed_and_explained(name):
    value = getattr(vitcore, name)
    assert name in vitcore.__all__
    assert name in dir(vitcore)
    assert len(inspect.getdoc(value)) > 20


def test_every_listed_name_resolves():
    for name in vitcore.__all__:
        assert getattr(vitcore, name) is not None


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'transmogrify'"):
        vitcore.transmogrify  # noqa: B018 - the access itself is tested


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("predict", ["model", "images", "patch_size", "intervention"]),
        ("trace", ["model", "image", "patch_size", "intervention", "frozen"]),
        ("relevance", ["model", "image", "class_index", "patch_size"]),
        ("position_similarity", ["model", "patch_size"]),
        ("cut", ["image", "patch_size", "padding"]),
        ("rollout", ["attention", "fusion", "discard"]),
        ("occlusion", ["model", "image", "class_index", "patch_size", "window", "of"]),
        ("head_importance", ["model", "images", "classes", "patch_size", "progress"]),
        ("early_answers", ["tokens", "weights", "config"]),
        ("attention_distance", ["attention", "grid", "image_size", "prefix", "renormalise"]),
    ],
)
def test_arguments_have_their_promised_names(name, parameters):
    assert list(inspect.signature(getattr(vitcore, name)).parameters) == parameters


def test_import_is_light_and_a_picture_is_cut_without_a_model_library():
    printed = fresh_python(
        "import sys, vitcore, numpy as np\n"
        "vitcore.cut(np.zeros((32, 32, 3), np.uint8), 5), vitcore.Intervention()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    assert not {"tensorflow", "keras", "jax"} & set(printed.split())


def test_public_names_hold_when_their_modules_were_imported_first():
    # A module of the same name as a function of the package would hide it.
    printed = fresh_python(
        "import importlib, pkgutil, sys, vitcore\n"
        "for module in pkgutil.iter_modules(vitcore.__path__):\n"
        "    if module.name != '__main__':\n"
        "        importlib.import_module(f'vitcore.{module.name}')\n"
        "functions = [n for n in vitcore.__all__ if n.islower() and n not in vitcore._MODULES]\n"
        "print(all(callable(getattr(vitcore, name)) for name in functions), len(functions))"
    )
    assert printed.split() == ["True", "22"]
