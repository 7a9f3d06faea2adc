"""What is said about a run that has not begun, from its configuration and what is known here."""

from math import prod

import pytest

from explorer.runs.run_queue import Queued
from explorer.runs.run_speeds import Forecast
from explorer.words import plans
from vitcore.config import PRESETS, RECIPES, TrainConfig
from vitcore.initialisation import weight_shapes


@pytest.mark.parametrize("epochs, words", [(1.0, "1 epoch"), (2.4, "2.4 epochs")])
def test_one_epoch_is_not_several(epochs, words):
    waits = Queued(1, TrainConfig(data="sketch10", epochs=epochs), keep=False)
    said = f"Waiting, place 2 of the queue: tiny on sketch10, {words}, seed 0"
    assert plans.queued(waits, 2) == said


@pytest.mark.parametrize(
    "seconds, said",
    [
        (40.0, "About 40 s here: 8 s to start, then as fast as bold-owl was over 120 steps. No"),
        (3e5, "About 3 days here"),
        (1e14, "years here: 8 s to start, then as fast as bold-owl was over 120 steps. That is ve"),
    ],
)
def test_a_forecast_says_on_what_it_rests(seconds, said):
    found = Forecast(seconds=seconds, starting=8.0, measured_in="bold-owl", steps=120)
    assert said in plans.expected(found)


def test_the_hints_about_models_count_what_they_have():
    for name in ("article", "tiny", "flexi", "plain"):
        config = PRESETS[name]
        count = sum(prod(shape) for shape in weight_shapes(config).values())
        said = f"**{name}**: {config.depth} blocks, {count / 1e6:.1f} million numbers"
        assert said in plans.MODELS_IN_WORDS


def test_the_choice_counts_the_pictures_of_an_epoch():
    article = RECIPES["article"]
    assert "40,000 photographs an epoch" in plans.chosen(article)
    drawn = plans.chosen(article.replace(data="sketch10", preset="tiny"))
    assert "tiny: 4 blocks of 4 heads · 10,000 drawings an epoch · article recipe" in drawn
