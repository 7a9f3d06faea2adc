"""Cards and runs read for their measurements; nothing in them can break a page."""

import numpy as np
import pytest

from explorer.client import card_metrics, models
from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import PRESETS
from vitcore.flops import flops

CARD = {
    "train": {"data": "cifar10"},
    "accuracy": {"cifar10": {"4": 0.8, "8": 0.7, "7": 0.5, "16": None, "2": "much"}},
    "evaluation": {
        "sketch10": {"patch_size": 4, "confusion": np.eye(10, dtype=int).tolist()},
        "cifar10": {"patch_size": 4, "confusion": (2 * np.eye(10, dtype=int)).tolist()},
    },
    "training_curve": {"epoch": [0.1, 0.2], "loss": [2.0, None], "accuracy": [0.1, 0.2]},
    "curves": [{"epoch": 1.0, "loss": 1.5, "accuracy": 0.4}, {"epoch": 2.0}, 7],
}


@pytest.fixture
def cards(monkeypatch):
    known = {}

    def card(name):
        if name == "broken":
            raise CheckpointError("card.json of broken is damaged")
        return known.get(name)

    monkeypatch.setattr(models, "card", card)
    monkeypatch.setattr(checkpoints, "read_config", lambda _: PRESETS["flexi"])
    return known


def test_a_card_that_cannot_be_read_is_an_empty_one(cards):
    cards["odd"] = [1]
    assert (
        card_metrics.card_of("broken")
        == card_metrics.card_of("odd")
        == card_metrics.card_of("none")
        == {}
    )


def test_what_a_model_learned_from_is_in_its_card(cards):
    cards["flexi"] = CARD
    assert card_metrics.learned_from("flexi") == "cifar10"
    assert card_metrics.learned_from("broken") == ""


def test_models_with_several_sizes_are_compared_the_chosen_one_first(cards):
    cards.update(flexi=CARD, plain=CARD, one={"accuracy": {"cifar10": {"4": 0.5}}})
    models = card_metrics.against_size(["flexi", "one", "plain", "broken"], "plain")
    assert [model.name for model in models] == ["plain", "flexi"]
    assert models[0].patch_sizes == [4, 8]
    assert models[0].accuracy == [0.8, 0.7]
    assert models[0].tokens == [68, 20]  # 4 registers
    assert models[0].operations[1] == sum(flops(PRESETS["flexi"], 8).values())


def test_the_shares_on_a_card_come_with_how_many_images_they_are_of(cards):
    shares = {"4": 0.5, "8": "good", "7": 0.1, "16": 1.5}
    cards["whole"] = {"accuracy": {"cifar10": shares}, "measured_on": {"cifar10": 10_000}}
    cards["half"] = {"accuracy": {"cifar10": {"4": 0.5}}}
    cards["odd"] = {"accuracy": {"cifar10": [0.5]}, "measured_on": 3}
    assert card_metrics.shares_on_card("whole", "cifar10") == ({4: 0.5}, 10_000)
    assert card_metrics.shares_on_card("whole", "sketch10") == ({}, 0)
    for model in ("half", "odd", "none"):
        assert card_metrics.shares_on_card(model, "cifar10") == ({}, 0)


def test_the_matrix_of_photographs_comes_before_that_of_sketches():
    data, patch_size, matrix = card_metrics.confusion(CARD)
    assert (data, patch_size, matrix[3, 3]) == ("cifar10", 4, 2)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        3,
        {"patch_size": 4},
        {"patch_size": "four", "confusion": np.eye(10).tolist()},
        {"patch_size": 4, "confusion": [[1, 2], [3]]},
        {"patch_size": 4, "confusion": [[1, 2], [3, 4]]},
        {"patch_size": 4, "confusion": (-np.eye(10)).tolist()},
        {"patch_size": 4, "confusion": "much"},
    ],
)
def test_what_is_no_matrix_is_passed_over(entry):
    assert card_metrics.confusion({"evaluation": {"cifar10": entry}}) is None
    assert card_metrics.confusion({"evaluation": entry}) is None


BINS = {"num_images": [0, 1, 3], "confidence": [0, 0.5, 0.8], "accuracy": [0, 1.0, 0.9]}


def test_reliability_is_that_of_photographs_and_its_error_a_mean_over_images():
    reports = {
        "sketch10": {"patch_size": 4, "reliability": BINS | {"num_images": [4, 0, 0]}},
        "cifar10": {"patch_size": 8, "reliability": BINS},
    }
    data, patch_size, bins = card_metrics.reliability({"evaluation": reports})
    assert (data, patch_size, bins.num_images.tolist()) == ("cifar10", 8, [0, 1, 3])
    assert bins.error == pytest.approx((1 * 0.5 + 3 * 0.1) / 4)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        BINS | {"num_images": [0, 0, 0]},
        BINS | {"num_images": [0, 1, -3]},
        BINS | {"num_images": [[0], [1], [3]]},
        BINS | {"num_images": "many"},
        BINS | {"confidence": [0, 0.5]},
        BINS | {"confidence": [0, 0.5, 1.8]},
        BINS | {"accuracy": [0, None, 0.9]},
        BINS | {"accuracy": 1},
    ],
)
def test_what_is_no_reliability_is_passed_over(odd):
    entry = {"patch_size": 4, "reliability": odd}
    assert card_metrics.reliability({"evaluation": {"cifar10": entry}}) is None


def test_curves_are_the_points_that_are_there():
    assert card_metrics.curves(CARD, "loss") == (([0.1], [2.0]), ([1.0], [1.5]))
    assert card_metrics.curves(CARD, "accuracy") == (([0.1, 0.2], [0.1, 0.2]), ([1.0], [0.4]))


@pytest.mark.parametrize("odd", [None, 3, "x", [1], {"epoch": 3, "loss": [1]}])
def test_odd_curves_are_no_points(odd):
    assert card_metrics.curves({"training_curve": odd, "curves": odd}, "loss") == (
        ([], []),
        ([], []),
    )
