"""Deletion and insertion: which images they need, and what they say of a known answer."""

import numpy as np
import pytest

from vitcore.interpret.deletion_insertion import curves, plan_curves, ranking


def answer(erased, worth):
    """Logits of two classes; the first is as probable as its patches that are left are worth."""
    share = np.clip(((~erased) * worth).sum(axis=1), 1e-9, 1 - 1e-9)
    return np.log(np.stack([share, 1 - share], axis=1))


def test_patches_are_ranked_by_value_and_ties_in_reading_order():
    np.testing.assert_array_equal(ranking([[[1, 3], [3, 2]]]), [[1, 2, 3, 0]])


@pytest.mark.parametrize("grid", [(4, 4), (2, 3), (8, 8), (1, 1)])
def test_every_point_has_the_image_that_a_loop_gives_it(rng, grid):
    maps = rng.normal(size=(3, *grid))
    plan = plan_curves(maps, points=5)
    count = grid[0] * grid[1]
    assert plan.steps[0] == 0
    assert plan.steps[-1] == count
    for number, one in enumerate(maps):
        order = sorted(range(count), key=lambda patch, one=one: -one.reshape(-1)[patch])
        for point, step in enumerate(plan.steps):
            first = {order[place] for place in range(step)}
            gone = set(np.flatnonzero(plan.erased[plan.deletion[number, point]]))
            missing = set(np.flatnonzero(plan.erased[plan.insertion[number, point]]))
            assert gone == first
            assert missing == set(range(count)) - first


def test_no_image_is_asked_twice(rng):
    plan = plan_curves(np.repeat(rng.normal(size=(1, 8, 8)), 3, axis=0))
    assert len(np.unique(plan.erased, axis=0)) == len(plan.erased)
    # One map, both ways, and a random order with its reverse, with 15 points between the ends.
    assert len(plan.erased) == 4 * 15 + 2
    assert len(plan.steps) == 17


def test_four_maps_and_random_order_need_three_batches_of_64(rng):
    assert len(plan_curves(rng.normal(size=(4, 8, 8))).erased) <= 3 * 64


def test_fewer_patches_than_points_give_fewer_points():
    np.testing.assert_array_equal(plan_curves(np.ones((1, 2, 3))).steps, range(7))


def test_curves_of_a_known_answer_by_hand():
    worth = np.array([0.1, 0.6, 0.0, 0.3])
    plan = plan_curves(worth.reshape(1, 2, 2), points=5)
    told = curves(plan, answer(plan.erased, worth), class_index=0)
    np.testing.assert_allclose(told.shares, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(told.deletion[0], [1, 0.4, 0.1, 0, 0], atol=1e-8)
    np.testing.assert_allclose(told.insertion[0], [0, 0.6, 0.9, 1, 1], atol=1e-8)
    assert told.deletion_area[0] == pytest.approx((0.5 + 0.4 + 0.1) / 4)
    assert told.insertion_area[0] == pytest.approx((0.6 + 0.9 + 1 + 0.5) / 4)


def test_the_map_that_knows_beats_random_order_and_its_opposite_loses(rng):
    worth = rng.dirichlet(np.full(16, 0.3))
    plan = plan_curves(np.stack([worth, -worth]).reshape(2, 4, 4), random_pairs=4)
    told = curves(plan, answer(plan.erased, worth), class_index=0)
    knows, opposite, chance = told.deletion_area
    assert knows < chance < opposite
    knows, opposite, chance = told.insertion_area
    assert knows > chance > opposite


def test_random_order_is_the_mean_of_pairs_and_their_deletion_is_their_insertion_backwards(rng):
    worth = rng.dirichlet(np.ones(16))
    plan = plan_curves(worth.reshape(1, 4, 4), random_pairs=3)
    told = curves(plan, answer(plan.erased, worth), class_index=0)
    assert told.deletion.shape == (2, 17)
    np.testing.assert_allclose(told.deletion[-1], told.insertion[-1][::-1])
    # Of an answer that adds up, a pair has exactly the area of an even map.
    assert told.insertion_area[-1] == pytest.approx(0.5)


def test_random_orders_come_from_the_seed(rng):
    maps = rng.normal(size=(1, 4, 4))
    first, same, other = (plan_curves(maps, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.erased, same.erased)
    assert not np.array_equal(first.erased, other.erased)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: plan_curves(np.ones((2, 2))), r"\(M, rows, columns\), got \(2, 2\)"),
        (lambda: plan_curves(np.ones((1, 2, 2)), points=1), "got 1, 1"),
        (lambda: plan_curves(np.ones((1, 2, 2)), random_pairs=0), "got 17, 0"),
        (
            lambda: curves(plan_curves(np.ones((1, 1, 1))), np.ones((5, 2)), class_index=0),
            "got 5",
        ),
    ],
)
def test_what_does_not_fit_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
