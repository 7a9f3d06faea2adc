"""Which kinds of positions are compared, and that the untrained ones are truly computed."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.text.position_encodings import (
    closeness_begun_with,
    position_encodings,
    untrained_positions,
)
from vitcore.config import PRESETS
from vitcore.initialisation import initial_weights

SMALL = replace(PRESETS["flexi"], width=16, num_heads=1, depth=1, mlp_dim=8, weight_init="xavier")
WIDE = replace(SMALL, width=192)


def names(config, stored, grid=(4, 4)):
    return [kind.name for kind in position_encodings(config, stored, grid)]


@pytest.mark.parametrize(
    "positions, expected",
    [
        ("learned", ["learned", "sincos1d", "sincos2d", "untrained"]),
        ("sincos1d", ["sincos1d", "sincos2d", "untrained"]),
        ("sincos2d", ["sincos2d", "sincos1d", "untrained"]),
        ("none", ["sincos1d", "sincos2d", "untrained"]),
    ],
)
def test_the_models_own_kind_comes_first(positions, expected):
    config = replace(SMALL, positions=positions)
    stored = np.random.default_rng(0).normal(size=(8, 8, 16)) if positions == "learned" else None
    kinds = position_encodings(config, stored, (4, 4))
    assert [kind.name for kind in kinds] == expected
    assert [kind.own for kind in kinds] == [positions != "none"] + [False] * (len(kinds) - 1)


def test_a_width_that_sincos_cannot_use_leaves_it_out():
    odd = replace(SMALL, width=18, positions="none")
    assert names(odd, None) == ["sincos1d", "untrained"]


def test_untrained_positions_are_those_a_model_of_this_config_starts_from():
    np.testing.assert_array_equal(untrained_positions(SMALL), initial_weights(SMALL)["positions"])


def test_untrained_positions_know_no_places_at_their_own_grid():
    untrained = position_encodings(WIDE, None, (8, 8))[-1]
    assert abs(untrained.correlation) < 0.1


def test_two_dimensional_sincos_follows_closeness_better_than_one_dimensional():
    kinds = {k.name: k.correlation for k in position_encodings(WIDE, None, (8, 8))}
    assert kinds["sincos2d"] > kinds["sincos1d"] > 0.2


def test_one_token_has_no_correlation_in_any_kind():
    kinds = position_encodings(SMALL, np.ones((8, 8, 16)), (1, 1))
    assert [kind.correlation for kind in kinds] == [None] * 4


@pytest.mark.parametrize("grid", [(8, 8), (4, 4), (16, 16)])
def test_positions_that_began_as_waves_have_their_closeness_before_training(grid):
    begun = replace(SMALL, weight_init="mimetic")
    kinds = position_encodings(begun, initial_weights(begun)["positions"], grid)
    assert closeness_begun_with(begun, grid) == pytest.approx(kinds[0].correlation, abs=1e-6)
    assert closeness_begun_with(begun, (1, 1)) is None


def test_positions_that_did_not_begin_as_waves_are_not_said_to():
    assert closeness_begun_with(SMALL, (8, 8)) is None
    assert closeness_begun_with(SMALL, (1, 1)) is None
    begun = replace(SMALL, weight_init="mimetic", positions="none")
    assert closeness_begun_with(begun, (8, 8)) is None
