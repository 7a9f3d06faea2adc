"""A model's card says what was measured and how the run was made."""

import json

import pytest

from tests.vitcore.training.small_runs import CONFIG
from vitcore import checkpoints, sketch10
from vitcore.evaluation import score
from vitcore.model import load
from vitcore.training import card, loop


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    loop.train(folder, CONFIG.replace(steps=3, patch_sizes=(16,)))
    return folder


@pytest.fixture
def made(run, monkeypatch):
    monkeypatch.setattr(card, "SKETCHES", 30)
    monkeypatch.setattr(card, "PATCH_SIZES", (16, 32))
    told = []
    values = card.make_card(
        run, measured=run, name="small", note="A test.", notice=lambda *what: told.append(what)
    )
    return values, told


def test_card_is_measured_on_pictures_that_no_training_sees(run, made):
    values, told = made
    images, labels, _ = sketch10(30)
    assert values["measured_on"] == {"sketch10": 30}
    for size in (16, 32):
        expected = score(load(run), images, labels, patch_size=size).accuracy
        assert values["accuracy"]["sketch10"][str(size)] == pytest.approx(expected, abs=1e-4)
    assert told == [("sketch10, patch size 16", 0.0), ("sketch10, patch size 32", 0.5),
                    ("measured", 1.0)]  # fmt: skip


def test_card_says_how_the_run_was_made(made):
    values, _ = made
    assert (values["name"], values["note"], values["recipe"]) == ("small", "A test.", "standard")
    assert (values["seed"], values["steps"], values["epochs"]) == (3, 3, 1.0)
    assert values["pictures_seen"] == 24
    assert values["train"]["preset"] == "small"
    assert values["data"] == (
        "sketch10, training split, 25% of each batch from sketch10; "
        "50% of the training pictures held back"
    )
    assert "cores of" in values["hardware"]
    assert values["software"].startswith("Keras 3")
    assert [point["step"] for point in values["curves"]] == [1, 2, 3]


def test_card_is_json_and_read_back(run, made, tmp_path):
    values, _ = made
    checkpoints.write(tmp_path, *checkpoints.read(run), half=True)
    checkpoints.write_card(tmp_path, values)
    assert checkpoints.card(tmp_path) == json.loads(json.dumps(values))
