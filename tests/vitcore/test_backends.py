"""TensorFlow and JAX give the same numbers; other backends are refused by name."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.vitcore.backend_answers import TRACED
from vitcore import backend

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments, backend):
    """A new Python process under one Keras backend."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """(TensorFlow's, JAX'), by name."""
    if find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    files = [tmp_path_factory.mktemp("answers") / "answers.npz" for _ in range(2)]
    processes = [
        start("-m", "tests.vitcore.backend_answers", str(file), backend=backend)
        for file, backend in zip(files, ("tensorflow", "jax"), strict=True)
    ]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    return [dict(np.load(file)) for file in files]


@pytest.mark.parametrize(("name", "size"), TRACED)
def test_probabilities_and_attention_agree(answers, name, size):
    for what in ("attention", "probabilities"):
        one, other = (answer[f"{name} {size} {what}"] for answer in answers)
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "size"), TRACED)
def test_residual_stream_agrees(answers, name, size):
    one, other = (answer[f"{name} {size} tokens"] for answer in answers)
    for before, after in zip(one, other, strict=True):
        assert np.abs(before - after).max() < 1e-4 * np.abs(before).max()


def test_relevance_and_positions_agree(answers):
    one, other = (answer["relevance"] for answer in answers)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5 * one.max())
    np.testing.assert_allclose(*(answer["positions"] for answer in answers), atol=1e-5)


def test_training_steps_agree(answers):
    one, other = answers
    np.testing.assert_allclose(one["losses"], other["losses"], rtol=1e-4)
    names = [name for name in one if name.startswith("trained ")]
    assert names
    for name in names:  # Adam divides by small numbers: noise in a gradient can be a whole step
        assert np.abs(one[name] - other[name]).mean() < 1e-4, name


@pytest.mark.parametrize("place", [0, 1], ids=["tensorflow", "jax"])
@pytest.mark.parametrize(
    ("one", "other"),
    [("straight", "resumed"), ("fresh", "anew")],
    ids=["restored and gone on with", "begun anew"],
)
def test_trainers_that_came_there_by_two_ways_are_the_same_to_the_bit(answers, place, one, other):
    answer = answers[place]
    names = [name for name in answer if name.startswith(f"{one} ")]
    assert len([name for name in names if "dropout" in name]) == 1 + 3
    for name in names:
        np.testing.assert_array_equal(answer[name.replace(one, other)], answer[name], err_msg=name)


@pytest.mark.parametrize("backend", ["torch", "numpy"])
@pytest.mark.parametrize("name", ["load", "predict"])
def test_other_backends_are_refused_before_keras_fails_on_them(backend, name):
    _, errors = start("-c", f"import vitcore; vitcore.{name}", backend=backend).communicate()
    last = errors.strip().splitlines()[-1]
    assert last == f"ValueError: KERAS_BACKEND must be tensorflow or jax, got {backend!r}"


def test_other_backends_do_not_keep_images_from_being_cut():
    code = "import numpy, vitcore; print(vitcore.patchify(numpy.zeros((4, 4, 3)), 2).shape)"
    out, _ = start("-c", code, backend="torch").communicate()
    assert out.strip() == "(2, 2, 2, 2, 3)"


def test_command_line_says_it_too():
    process = start("-m", "vitcore", "evaluate", "--model", "x", backend="torch")
    _, errors = process.communicate()
    assert process.returncode == 2
    assert errors == "error: KERAS_BACKEND must be tensorflow or jax, got 'torch'\n"


@pytest.fixture
def unsupported(monkeypatch):
    """Keras runs on a backend that its own settings file named."""
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")


def test_backend_from_keras_own_settings_is_checked_too(unsupported):
    with pytest.raises(ValueError, match="must be tensorflow or jax, got 'torch'; set it before"):
        backend.check()


def test_a_backend_of_keras_own_file_is_refused_by_the_name_of_that_file(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backend.check_environment()
    (tmp_path / "keras.json").write_text('{"backend": "theano"}')
    with pytest.raises(ValueError, match=r"keras\.json must be tensorflow or jax, got 'theano'"):
        backend.check_environment()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    backend.check_environment()
    (tmp_path / "keras.json").write_text("[")
    monkeypatch.delenv("KERAS_BACKEND")
    backend.check_environment()  # Keras reads past it, too


def test_a_backend_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="'jax', which is not installed"):
        backend.check_environment()


@pytest.mark.parametrize("said", [None, "tensorflow"])
def test_where_tensorflow_is_not_installed_jax_is_taken(tmp_path, monkeypatch, said):
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if said:  # by Keras itself, where it was imported before
        (tmp_path / "keras.json").write_text(f'{{"backend": "{said}"}}')
    monkeypatch.setattr(backend, "find_spec", lambda name: name == "jax" or None)
    backend.check_environment()
    assert os.environ["KERAS_BACKEND"] == backend.installed() == "jax"


def test_where_nothing_is_installed_tensorflow_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="'tensorflow', which is not installed"):
        backend.check_environment()
