"""What is said about a run that has not begun, from its configuration and what is known here."""

import re
from math import prod

import pytest

from explorer.runs.estimates import RunEstimate
from explorer.runs.queue import Queued
from explorer.text import run_estimate
from vitcore.config import PRESETS, RECIPES, TrainConfig
from vitcore.initialisation import weight_shapes


@pytest.mark.parametrize("epochs, words", [(1.0, "1 epoch"), (2.4, "2.4 epochs")])
def test_one_epoch_is_not_several(epochs, words):
    waits = Queued(1, TrainConfig(data="sketch10", epochs=epochs), keep=False)
    assert run_estimate.queued(waits, 2) == f"Queued (2): tiny, sketch10, {words}, seed 0"


def numbers(text):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))]


@pytest.mark.parametrize(("seconds", "said"), [(40.0, [40]), (240.0, [4]), (3e5, [3])])
def test_an_estimate_tells_the_time(seconds, said):
    estimate = RunEstimate(seconds=seconds, measured_in="bold-owl")
    assert numbers(run_estimate.expected(estimate)) == said


@pytest.mark.parametrize(("steps", "said"), [(0, []), (24, [24]), (99, [99]), (100, []), (1, [1])])
@pytest.mark.parametrize("run", ["", "bold-owl"])
def test_too_few_steps_are_counted_beside_the_estimate(steps, said, run):
    estimate = RunEstimate(seconds=30.0, measured_in=run, steps=steps)
    assert numbers(run_estimate.expected(estimate)) == [30, *said]


def test_an_estimate_without_an_earlier_run_is_rough():
    rough, measured = (
        run_estimate.expected(RunEstimate(seconds=40.0, measured_in=run))
        for run in ("", "bold-owl")
    )
    assert rough != measured
    assert numbers(rough) == numbers(measured) == [40]


def test_the_hints_about_models_count_what_they_have():
    for name in ("article", "tiny", "flexi", "plain"):
        config = PRESETS[name]
        count = sum(prod(shape) for shape in weight_shapes(config).values())
        said = f"**{name}**: {config.depth} blocks, {count / 1e6:.1f} M parameters"
        assert said in run_estimate.MODELS_IN_WORDS


def test_the_choice_counts_the_images_of_an_epoch():
    article = RECIPES["article"]
    assert numbers(run_estimate.chosen(article)) == [40_000, 0.002]
    drawn = run_estimate.chosen(article.replace(data="sketch10", preset="tiny"))
    assert numbers(drawn) == [10_000, 0.002]


def test_the_architecture_counts_blocks_heads_widths_and_parameters():
    article = run_estimate.architecture(RECIPES["article"])
    assert numbers(article) == [6, 4, 64, 64, 2, 507_210]
    small = TrainConfig(depth=1, num_heads=1, width=8, mlp_dim=20)
    # One block of width 8 written out: norms, attention, MLP; then embedding, positions, the rest.
    block = 4 * 8 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 20 + 20) + (20 * 8 + 8)
    outside = 4 * 4 * 3 * 8 + 8 + 8 * 8 * 8 + 2 * 8 + 8 * 10 + 10
    assert numbers(run_estimate.architecture(small)) == [1, 1, 8, 8, 2.5, block + outside]
