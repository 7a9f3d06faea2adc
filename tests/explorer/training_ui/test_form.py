"""The form of a new run: what is put into it is what it asks for."""

import pytest
import streamlit as st

from explorer.training_ui import form
from vitcore.config import RECIPES, TrainConfig


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(data="sketch10", epochs=3.0, seed=4, early_stopping=10),
        TrainConfig(augmentation="trivial", num_heads=2, depth=3),
        RECIPES["article"],
    ],
)
def test_a_run_that_is_taken_is_the_run_that_is_asked_for(monkeypatch, config):
    monkeypatch.setattr(st, "session_state", {})
    form.take_run(config)
    asked, field, why = form.chosen("cifar10")
    assert (field, why) == ("", "")
    assert asked.model_config() == config.model_config()
    same = (
        "data",
        "epochs",
        "seed",
        "early_stopping",
        "augmentation",
        "learning_rate",
        "optimizer",
    )
    assert [getattr(asked, name) for name in same] == [getattr(config, name) for name in same]
