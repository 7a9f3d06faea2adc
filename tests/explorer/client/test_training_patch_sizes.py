"""Which patch sizes a model was trained for."""

import json

import pytest

from explorer.client import models
from explorer.client.training_patch_sizes import trained_at
from vitcore import checkpoints
from vitcore.config import PATCH_SIZES, PRESETS, TrainConfig
from vitcore.training import runs

CONFIG = PRESETS["tiny"]


@pytest.fixture
def card(monkeypatch):
    def say(train):
        monkeypatch.setattr(models, "card", lambda _: train if train is None else {**train})

    return say


def test_a_card_without_drawn_sizes_names_the_models_own(card):
    card({"train": {"patch_sizes": []}})
    assert trained_at("demo", CONFIG) == (CONFIG.patch_size,)


def test_a_card_names_its_sizes_once_and_in_order(card):
    card({"train": {"patch_sizes": [4, 2, 4]}})
    assert trained_at("demo", CONFIG) == (2, 4)


@pytest.mark.parametrize("sizes", [["a"], [None], 3, {"a": 1}])
def test_a_card_that_holds_no_sizes_claims_nothing(card, sizes):
    card({"train": {"patch_sizes": sizes}})
    assert trained_at("demo", CONFIG) == ()


def test_the_bundled_flexible_model_was_trained_at_all_stops():
    config, _ = checkpoints.read("flexi-cifar10")
    assert trained_at("flexi-cifar10", config) == PATCH_SIZES


@pytest.mark.parametrize(
    ("sizes", "known"), [((), (CONFIG.patch_size,)), ((8,), (8,)), ((4, 2), (2, 4))]
)
def test_a_run_is_read_from_its_own_folder(card, monkeypatch, tmp_path, sizes, known):
    card(None)
    monkeypatch.setattr(checkpoints, "folder_of", lambda _: tmp_path)
    train = TrainConfig(data="sketch10", preset="tiny", patch_sizes=sizes)
    runs.write_description(tmp_path, train, pid=1)
    assert trained_at("demo", CONFIG) == known


def test_where_nobody_says_nothing_is_claimed(card, monkeypatch, tmp_path):
    card(None)
    monkeypatch.setattr(checkpoints, "folder_of", lambda _: tmp_path)
    assert trained_at("demo", CONFIG) == ()
    (tmp_path / runs.DESCRIPTION).write_text(json.dumps([]))
    assert trained_at("demo", CONFIG) == ()
