"""Which one patch size a model was trained for."""

import json

import pytest

from explorer.trained_sizes import only_trained_at
from vitcore import checkpoints
from vitcore.config import PRESETS, TrainConfig
from vitcore.training import runs

CONFIG = PRESETS["tiny"]


@pytest.fixture
def card(monkeypatch):
    def say(train):
        monkeypatch.setattr(checkpoints, "card", lambda _: train if train is None else {**train})

    return say


def test_a_card_without_drawn_sizes_names_the_models_own(card):
    card({"train": {"patch_sizes": []}})
    assert only_trained_at("demo", CONFIG) == CONFIG.patch_size


def test_a_card_with_several_sizes_names_none(card):
    card({"train": {"patch_sizes": [2, 4]}})
    assert only_trained_at("demo", CONFIG) is None


def test_the_bundled_flexible_model_was_trained_at_several():
    config, _ = checkpoints.read("flexi-cifar10")
    assert only_trained_at("flexi-cifar10", config) is None


@pytest.mark.parametrize("sizes, only", [((), CONFIG.patch_size), ((8,), 8), ((2, 4), None)])
def test_a_run_is_read_from_its_own_folder(card, monkeypatch, tmp_path, sizes, only):
    card(None)
    monkeypatch.setattr(checkpoints, "folder_of", lambda _: tmp_path)
    train = TrainConfig(data="sketch10", preset="tiny", patch_sizes=sizes)
    runs.write_description(tmp_path, train, pid=1)
    assert only_trained_at("demo", CONFIG) == only


def test_where_nobody_says_nothing_is_claimed(card, monkeypatch, tmp_path):
    card(None)
    monkeypatch.setattr(checkpoints, "folder_of", lambda _: tmp_path)
    assert only_trained_at("demo", CONFIG) is None
    (tmp_path / runs.DESCRIPTION).write_text(json.dumps([]))
    assert only_trained_at("demo", CONFIG) is None
