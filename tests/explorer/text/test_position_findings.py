"""The verdict on position embeddings and the findings of the Positions page, each where it holds
and where it does not."""

import numpy as np
import pytest

from explorer.records import ShuffleResult
from explorer.text.position_encodings import PositionEncoding, position_encodings
from explorer.text.position_findings import (
    distance_finding,
    position_finding,
    rise,
    shuffle_finding,
    verdict,
)
from vitcore import checkpoints
from vitcore.config import CLASS_NAMES
from vitcore.interpret.positions import spatial_correlation

Y, X = np.mgrid[:6, :6]
APART = np.hypot(Y[..., None, None] - Y, X[..., None, None] - X)
LINE = (Y[..., None, None] == Y) | (X[..., None, None] == X)
RIM = (Y % 5 == 0) | (X % 5 == 0)
NOISE = np.random.default_rng(0).normal(size=APART.shape) / 20


def kind(similarity, name="learned", own=True):
    return PositionEncoding(name, name, own, similarity, spatial_correlation(similarity))


RANDOM_INIT = kind(NOISE, "untrained", own=False)
NEAR = kind(1 - APART / 8)


def one(*ratios):
    """Probabilities of the first classes, the rest spread evenly."""
    rest = (1 - sum(ratios)) / (10 - len(ratios))
    return np.array([*ratios, *[rest] * (10 - len(ratios))])


@pytest.mark.parametrize(
    "similarity, expected",
    [
        (1 - APART / 8, "near"),
        (1 - APART / 8 + 0.3 * LINE, "lines"),
        (0.9 * (RIM[..., None, None] == RIM) + NOISE, "rim"),
        (NOISE[::-1] - 0.008 * APART, "weak"),
        (NOISE[::-1], "none"),
        (np.ones((1, 1, 1, 1)), "single"),
        (np.ones((6, 6, 6, 6)), "equal"),
        (np.zeros((2, 2, 2, 2)), "equal"),
    ],
)
def test_the_verdict_follows_the_spatial_correlation(similarity, expected):
    own = kind(similarity)
    assert verdict(own, RANDOM_INIT) == expected
    assert (own.correlation is None) is (expected in ("single", "equal"))
    if expected == "weak":
        assert 0.1 < own.correlation < 0.5


def test_what_interpolating_alone_gives_is_not_said_of_training():
    assert verdict(NEAR, kind(1 - APART / 8 + NOISE, "untrained")) == "none"


@pytest.mark.parametrize(
    "model, side, expected",
    [
        ("article-cifar10", 8, "rim"),  # opposite corners 0.89, neighbors 0.72
        ("article-cifar10", 11, "rim"),
        ("article-cifar10", 4, "rim"),
        ("plain-cifar10", 8, "lines"),
        ("plain-cifar10", 4, "lines"),
        ("plain-cifar10", 3, "none"),  # r = 0.85, an interpolated random init 0.77
    ],
)
def test_the_bundled_models_have_one_verdict_each(model, side, expected):
    config, weights = checkpoints.read(model)
    kinds = position_encodings(config, weights["positions"], (side, side))
    assert verdict(kinds[0], kinds[-1]) == expected


def test_the_rim_is_told_with_its_corners_and_the_center():
    similarity = np.where(RIM[..., None, None] == RIM, 0.9, -0.2)
    finding = position_finding(kind(similarity), RANDOM_INIT)
    assert "corners 0.90" in finding
    assert "center −0.20" in finding


def test_the_numbers_are_those_of_the_model_and_of_random_init():
    finding = position_finding(NEAR, RANDOM_INIT)
    before = f"{RANDOM_INIT.correlation:.2f}".replace("-", "−")
    assert finding.endswith(f"(*r* = 1.00; random init {before})")


def test_no_position_embeddings_and_a_single_position_need_no_number():
    single = kind(np.ones((1, 1, 1, 1)))
    assert not any(digit.isdigit() for digit in position_finding(None, RANDOM_INIT))
    equal = kind(np.ones((6, 6, 6, 6)))
    assert single.single
    assert not equal.single
    assert position_finding(single, single) != position_finding(equal, RANDOM_INIT)
    assert "Only one position" in position_finding(single, single)


@pytest.mark.parametrize("began, numbers", [(0.5, "0.50 → 1.00"), (0.9999, "(*r* = 1.00)")])
def test_a_sincos_initialization_is_named_and_what_training_made_of_it(began, numbers):
    finding = position_finding(NEAR, RANDOM_INIT, began=began)
    assert "2-D sin-cos" in finding
    assert numbers in finding


def test_distance_is_reported_from_neighbors_to_the_farthest():
    assert distance_finding(NEAR).endswith("neighbors 0.88, farthest pairs 0.12")
    other = kind(NEAR.similarity, "sin-cos 1-D", own=False)
    assert "of sin-cos 1-D" in distance_finding(other)
    assert distance_finding(kind(np.ones((1, 1, 1, 1)))) == ""


def test_a_curve_that_rises_is_explained_only_where_opposite_edges_are_similar():
    assert rise(NEAR) is None
    down = abs(Y[..., None, None] - Y)
    edges, others = rise(kind(np.cos(2 * np.pi * down / 5) - 0.1 * APART))  # first and last row
    assert edges > others + 0.05
    assert rise(kind(np.ones((1, 1, 1, 1)))) is None


@pytest.mark.parametrize(
    "shuffled, without, change, change_without",
    [
        (one(0.4, 0.3), one(0.5), "automobile 80% → airplane 40%", "no change (airplane 50%)"),
        (one(0.1, 0.6), one(0.5), "automobile 80% → 60%", "no change (airplane 50%)"),
        (one(0.1, 0.8), one(0.5), "no change (automobile 80%)", "no change (airplane 50%)"),
        (one(0.1, 0.8), one(0.2, 0.7), "no change (automobile 80%)", "50% → automobile 70%"),
    ],
)
def test_shuffling_is_reported_from_and_to(shuffled, without, change, change_without):
    found = ShuffleResult(one(0.1, 0.8), shuffled, one(0.5), without)
    first, second = shuffle_finding(found, CLASS_NAMES, positions=True).split(". Without: ")
    assert first.endswith(change)
    assert second.endswith(f"{change_without}.")
    assert found.moved == np.abs(found.original - shuffled).max()
    assert found.moved_without == np.abs(one(0.5) - without).max()


def test_a_model_without_position_embeddings_has_one_comparison():
    found = ShuffleResult(*[one(0.5)] * 4)
    finding = shuffle_finding(found, CLASS_NAMES, positions=False)
    assert finding.endswith(": no change (airplane 50%)")


def test_uniform_probabilities_are_no_prediction():
    finding = shuffle_finding(ShuffleResult(*[one()] * 4), CLASS_NAMES, positions=True)
    assert not any(name in finding for name in CLASS_NAMES)
