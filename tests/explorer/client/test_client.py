"""The door to models and data, with a dispatcher that computes nothing."""

import errno
import os
import re
import sys

import loky
import numpy as np
import pytest
import streamlit as st

from explorer import client
from explorer.client import models, session
from explorer.client.tasks import forward_pass
from explorer.results import Failure, Pending
from explorer.selection import Image, Selection
from vitcore import cache, checkpoints
from vitcore.config import PATCH_SIZES, ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.intervention import Intervention
from vitcore.training import runs


class Recorder:
    """Stands in for the dispatcher and remembers what was asked."""

    def __init__(self):
        self.tasks = []

    def ask(self, task, session, *, slot=None, patience=None, notify=True):
        self.tasks.append(task)
        return Pending("Reading.", "Meanwhile.")


@pytest.fixture
def asked(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(session, "_dispatcher", lambda: recorder)
    monkeypatch.setattr(st, "session_state", {})
    session._last_asked().clear()
    yield recorder.tasks
    session._last_asked().clear()


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(home):
    def run(name, seed=0, **changes):
        config = ViTConfig(width=16, depth=1, num_heads=2, mlp_dim=32, **changes)
        checkpoints.write(cache.runs_home() / name, config, initial_weights(config, seed))
        return name

    return run


def of(name, patch_size=4, colour=0, **rest):
    pixels = np.full((32, 32, 3), colour, np.uint8)
    image = Image(pixels, "sketch10", 0, 0, "a 0", f"key {colour}")
    return Selection(client.resolve(name), image, patch_size, **rest)


def test_own_runs_can_be_chosen_after_the_bundled_models(run):
    run("quiet-heron")
    *bundled, own = client.model_names()
    assert (sorted(bundled), own) == (list(checkpoints.bundled()), "quiet-heron")


def test_a_folder_without_weights_is_no_model(home):
    (cache.runs_home() / "only-begun").mkdir(parents=True)
    assert "only-begun" not in client.model_names()


@pytest.mark.parametrize("name", [".deleted-quiet-heron-7", ".quiet-heron"])
def test_a_hidden_folder_is_no_model(run, name):
    run(name)
    assert name not in client.model_names()


@pytest.mark.parametrize("file", [checkpoints.CONFIG, checkpoints.WEIGHTS])
@pytest.mark.parametrize("instead", ["nothing", "an empty file", "a folder"])
def test_a_model_has_a_config_and_weights(home, run, file, instead):
    path = cache.runs_home() / run("quiet-heron") / file
    path.unlink()
    if instead == "an empty file":
        path.touch()
    if instead == "a folder":
        path.mkdir()
    assert "quiet-heron" not in client.model_names()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always text")
def test_a_folder_whose_name_is_no_text_is_no_model(home, run):
    folder = cache.runs_home() / run("quiet-heron")
    os.rename(os.fsencode(folder), os.fsencode(folder.parent) + b"/bad\xff\xfename")
    assert sorted(client.model_names()) == list(checkpoints.bundled())


@pytest.mark.parametrize("damage", [b"{garbage", b"{}", b"[]"])
def test_a_run_whose_config_is_damaged_is_no_model_and_says_why(home, run, damage):
    (cache.runs_home() / run("quiet-heron") / checkpoints.CONFIG).write_bytes(damage)
    assert "quiet-heron" not in client.model_names()
    assert client.load_error("quiet-heron").startswith("config.json is corrupted: ")


@pytest.mark.parametrize("name", ["", "nobody", ".", "../runs/whole", "x" * 9999, "a\0b"])
def test_what_is_no_run_has_no_trouble(home, run, name):
    assert client.load_error(run("whole")) == ""
    assert client.load_error(name) == ""


def test_the_name_of_a_file_stays_as_it_is(asked, run):
    (cache.runs_home() / run("one") / checkpoints.CONFIG).write_text("{}")
    problem = client.resolve("one")
    assert problem.message == "config.json of one is corrupted: no model."


def test_equal_questions_have_equal_keys_and_others_do_not(asked, run):
    name, other = run("one"), run("two")
    client.forward(of(name))
    client.forward(of(name))
    client.forward(of(name, 8))
    client.forward(of(name, colour=1))
    client.forward(of(other))
    client.forward(of(name, intervention=Intervention(use_pos_embed=False)))
    client.forward(of(name, intervention=Intervention(patches={0: 1})))
    client.forward(of(name, intervention=Intervention(patches={0: 2})))
    client.dense_conv_difference(of(name))
    keys = [task.key for task in asked]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


def test_new_weights_under_the_same_name_are_another_question(asked, run):
    client.forward(of(run("one")))
    client.forward(of(run("one", seed=1)))
    assert asked[0].key != asked[1].key


def test_the_weights_of_a_model_are_shared_and_read_only(run):
    model = client.resolve(run("one"))
    assert model.config.width == 16
    with pytest.raises(ValueError, match="read-only"):
        client.weights(model)["patch_embedding/kernel"][0] = 1


def test_an_unknown_model_is_a_problem_that_names_it(asked, home):
    problem = client.forward(of("zzz"))
    assert isinstance(problem, Failure)
    assert "'zzz'" in problem.message
    assert problem.message[0].isupper()
    assert problem.message.endswith(".")
    assert not asked


def test_an_unexpected_error_is_a_sentence_with_a_reference_to_the_log(caplog):
    problem = client.unexpected(RuntimeError("inner detail"))
    assert "inner detail" not in problem.message + problem.hint
    reference = re.search(r"E\d{4}", problem.message).group()
    assert reference in caplog.text
    assert "inner detail" in caplog.text


def test_what_is_warmed_first_is_nearest_to_what_was_asked(asked, run):
    client.forward(of(run("one"), 8))
    warm, order = set(), []
    while (task := session._next_to_warm_up(warm)) is not None:
        assert task.function is forward_pass.warm_if_possible
        order.append(task.arguments[2])
        warm.add(task.warms_up)
    assert order == [8, 6, 11, 5, 16, 4, 32, 3, 2]
    assert sorted(order) == list(PATCH_SIZES)


def test_without_any_model_only_the_libraries_are_started(monkeypatch, asked, home):
    monkeypatch.setattr(session, "model_names", list)
    (step,) = session._first_steps()
    assert step.function is forward_pass.import_libraries
    assert session._next_to_warm_up(set()) is None


@pytest.mark.parametrize("classes", [7, 100])
def test_a_model_with_other_classes_is_not_judged_by_the_test_labels(run, asked, classes):
    selection = of(run("other", classes=classes))
    for judged in (client.evaluate(selection, "sketch10", 500),
                   client.head_ablation_many(selection, "sketch10")):  # fmt: skip
        assert isinstance(judged, Failure)
        assert f"10 classes, other has {classes}" in judged.message
    assert not asked
    assert selection.truth is None


def test_the_same_error_is_logged_once(caplog):
    def failed():
        try:
            raise RuntimeError("as before")
        except RuntimeError as error:
            return client.unexpected(error).message

    first, *others = [failed() for _ in range(5)]
    assert set(others) == {first}
    assert ["as before" in record.getMessage() for record in caplog.records] == [True]


def test_a_system_without_shared_memory_is_named(monkeypatch):
    def no_room(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(loky.ProcessPoolExecutor, "__init__", no_room)
    with pytest.raises(ValueError, match="/dev/shm"):
        forward_pass.start()


def test_a_model_without_a_run_s_record_is_usable_wherever_it_is_shown(home, run):
    run("copied")
    (found,) = runs.list_runs()
    assert (found.state, found.usable) == ("damaged", True)
    assert found.name in client.model_names()


def test_weights_that_overflow_have_one_sentence_whatever_met_them_first():
    """NumPy's SVD of NaN, and a result that is NaN: both are foreseen, and both say the same."""
    with pytest.raises(np.linalg.LinAlgError) as met:
        np.linalg.svd(np.full((3, 3), np.nan))
    said = models.explain(met.value)
    assert said == models.explain(FloatingPointError("NaN"))
    assert not said.values  # no reference to a log
    assert str(met.value) not in said.message
