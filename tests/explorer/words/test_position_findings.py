"""The titles of the Positions page: each is tested where it holds and where it does not."""

import numpy as np
import pytest

from explorer.words.position_findings import (
    Shuffling,
    distance_title,
    largest_difference,
    position_title,
    rise_reason,
    shuffle_title,
)
from explorer.words.position_kinds import PositionKind
from vitcore.config import CLASS_NAMES
from vitcore.introspection.positions import closeness_correlation

Y, X = np.mgrid[:6, :6]
APART = np.hypot(Y[..., None, None] - Y, X[..., None, None] - X)
LINE = (Y[..., None, None] == Y) | (X[..., None, None] == X)
NOISE = np.random.default_rng(0).normal(size=APART.shape)


def kind(similarity, name="learned"):
    return PositionKind(name, name, True, similarity, closeness_correlation(similarity))


UNTRAINED = kind(NOISE / 20, "untrained")


def one(*shares):
    """Probabilities of the first classes, the rest spread evenly."""
    rest = (1 - sum(shares)) / (10 - len(shares))
    return np.array([*shares, *[rest] * (10 - len(shares))])


def test_no_positions_are_said_to_be_none():
    assert "adds no positions" in position_title(None, UNTRAINED)


def test_one_token_has_nothing_to_compare():
    single = kind(np.ones((1, 1, 1, 1)))
    assert "nothing to compare" in position_title(single, single)


def test_positions_that_began_as_waves_are_not_said_to_have_found_their_order():
    title = position_title(kind(1 - APART / 8), UNTRAINED, began=0.5)
    assert title == (
        "These positions began as sin-cos 2-D waves, centred; training took their closeness "
        "from 0.50 to 1.00"
    )


def test_closeness_that_stayed_is_said_once():
    own = kind(1 - APART / 8)
    title = position_title(own, UNTRAINED, began=own.correlation - 1e-4)
    assert title.endswith("waves, centred; training left their closeness at 1.00")


def test_closeness_is_reported_with_what_untrained_positions_give():
    title = position_title(kind(1 - APART / 8), UNTRAINED)
    assert title.startswith("Positions close in the picture are alike: closeness 1.00, before ")


def test_rows_and_columns_are_named_only_where_they_exceed_closeness():
    title = position_title(kind(1 - APART / 8 + 0.3 * LINE), UNTRAINED)
    assert title.startswith("Each position is most like its neighbours, its row and its column")


def test_random_positions_know_nothing():
    noise = np.random.default_rng(1).normal(size=APART.shape) / 20
    title = position_title(kind(noise), UNTRAINED)
    assert title.startswith("These positions tell no more of what is close than before training")


def test_positions_no_better_than_untrained_ones_know_nothing_however_close_they_look():
    resized = kind(1 - APART / 8)  # a resized untrained grid is close to its neighbours too
    assert "tell no more" in position_title(resized, resized)


def test_neighbours_that_are_the_most_similar_are_counted():
    beside = (APART <= 1) + NOISE / 20  # alike next door and nowhere else
    title = position_title(kind(beside), UNTRAINED)
    count = int(title.split()[1])
    assert title.startswith(f"For {count} of 36 positions the most similar one lies right beside")
    assert count > 20


def test_no_such_position_before_training_is_none():
    diagonal = kind(1.0 * ((APART > 1) & (APART < 1.5)) + NOISE / 20, "untrained")
    title = position_title(kind((APART <= 1) + NOISE / 20), diagonal)
    assert title.endswith("; before training, for none")


def test_positions_that_only_resizing_has_beaten_in_closeness_are_not_said_to_know_nothing():
    """As at patch sizes 8 and 11: closeness below untrained, cosine side by side above."""
    resized = kind(0.3 * (APART <= 1), "untrained")
    waves = kind(0.6 * (APART <= 1) + 0.5 * np.cos(APART * 2.2) * (APART > 1))
    assert waves.correlation < resized.correlation
    assert position_title(waves, resized) == (
        "Positions side by side are more alike than before training: cosine 0.60 against 0.30"
    )


def test_places_across_that_became_less_alike_are_told_with_both_numbers():
    """As at patch size 16: side by side as before, the diagonals opposite."""
    y, x = np.mgrid[:2, :2]
    apart = np.hypot(y[..., None, None] - y, x[..., None, None] - x)
    resized = kind(0.25 * (apart == 1) + 0.03 * (apart > 1), "untrained")
    own = kind(0.26 * (apart == 1) - 0.4 * (apart > 1) + 1e-3 * NOISE[:2, :2, :2, :2])
    assert position_title(own, PositionKind("untrained", "", False, resized.similarity, 0.98)) == (
        "Side by side positions have cosine 0.26, others −0.40; before training 0.25 and 0.03"
    )


def test_closeness_in_part_is_said_so():
    partly = kind(NOISE / 20 - 0.03 * APART * (APART > 1.2))
    first = kind(NOISE / 20 + 0.1 * (APART == 1), "untrained")
    assert "closeness" in position_title(partly, first)


def test_distance_is_reported_from_side_by_side_to_farthest():
    title = distance_title(kind(1 - APART / 8))
    assert title == (
        "Learned positions side by side have cosine 0.88, those farthest apart (7.1 patches) 0.12"
    )


def test_a_curve_that_rises_is_explained_only_where_opposite_edges_are_alike():
    assert rise_reason(kind(1 - APART / 8)) == ""
    down = abs(Y[..., None, None] - Y)
    ring = kind(np.cos(2 * np.pi * down / 5) - 0.1 * APART)  # first and last row are the same
    assert "places on opposite edges resemble each other: cosine " in rise_reason(ring)
    assert rise_reason(kind(np.ones((1, 1, 1, 1)))) == ""


def test_an_answer_that_moves_is_reported_from_and_to():
    answers = Shuffling(one(0.1, 0.8), one(0.4, 0.3), one(0.5), one(0.5))
    assert shuffle_title(answers, CLASS_NAMES, positions=True) == (
        "With positions, shuffling changes the answer (automobile 80% → airplane 40%); "
        "without them it cannot (airplane 50% both)"
    )
    assert answers.moved == pytest.approx(0.5)
    assert answers.moved_without == 0


def test_an_answer_whose_class_stays_is_named_once():
    answers = Shuffling(one(0.8), one(0.6), one(0.5), one(0.5))
    title = shuffle_title(answers, CLASS_NAMES, positions=True)
    assert title.startswith("With positions, shuffling changes the answer (airplane 80% → 60%);")


def test_an_answer_that_positions_did_not_move_is_not_said_to_change():
    same = Shuffling(one(0.8), one(0.8), one(0.5), one(0.5))
    assert shuffle_title(same, CLASS_NAMES, positions=True) == (
        "Even with positions, this shuffling does not change the answer (airplane 80% both); "
        "without them it cannot (airplane 50% both)"
    )
    nearly = Shuffling(one(0.8), one(0.79), one(0.5), one(0.5))
    title = shuffle_title(nearly, CLASS_NAMES, positions=True)
    assert "hardly changes the answer (airplane 80% → 79%)" in title


def test_an_answer_without_positions_that_moves_after_all_is_not_hidden():
    answers = Shuffling(one(0.8), one(0.6), one(0.5), one(0.2, 0.7))
    title = shuffle_title(answers, CLASS_NAMES, positions=True)
    assert title.endswith("; without them it changes it too (airplane 50% → automobile 70%)")


def test_a_model_without_positions_is_not_asked_twice():
    answers = Shuffling(*[one(0.5)] * 4)
    title = shuffle_title(answers, CLASS_NAMES, positions=False)
    assert title == (
        "This model has no positions: shuffling does not change the answer (airplane 50% both)"
    )


def test_a_difference_of_rounding_is_called_so():
    assert largest_difference(2e-7) == "largest difference 2·10⁻⁷ (rounding)"
    assert largest_difference(0.15) == "largest difference 0.15"
    assert largest_difference(0) == "largest difference 0"


def test_an_undecided_model_is_not_said_to_answer():
    answers = Shuffling(*[one()] * 4)
    assert "prefers no class" in shuffle_title(answers, CLASS_NAMES, positions=True)
