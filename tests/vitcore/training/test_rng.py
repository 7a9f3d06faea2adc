"""Random numbers of a run depend on seed, purpose and step, and on nothing else."""

import numpy as np
import pytest

from vitcore.config import TrainConfig
from vitcore.training import rng
from vitcore.training.rng import ORDER, generator, sample_patch_size, sampled_patch_sizes


def test_draws_do_not_depend_on_what_was_drawn_before():
    first = generator(1, ORDER, 7).random(5)
    generator(1, ORDER, 6).random(100)
    np.testing.assert_array_equal(generator(1, ORDER, 7).random(5), first)


def test_seed_purpose_and_step_each_change_the_draw():
    drawn = {
        tuple(generator(seed, purpose, step).integers(2**62, size=2))
        for seed in range(3)
        for purpose in range(6)
        for step in range(3)
    }
    assert len(drawn) == 3 * 6 * 3


def test_purposes_keep_their_numbers():
    # A renumbered purpose would change every run that is resumed or repeated.
    names = ("ORDER", "PATCH_SIZE", "AUGMENTATION", "SKETCHES", "SPLIT", "DROPOUT")
    assert [getattr(rng, name) for name in names] == [0, 1, 2, 3, 4, 5]


def test_without_patch_sizes_the_model_has_its_own():
    assert sample_patch_size(TrainConfig(), 3, 10) is None


def shares(config, step, steps):
    """How often each size is drawn near one step, over many seeds."""
    drawn = [sample_patch_size(config.replace(seed=seed), step, steps) for seed in range(2000)]
    return [drawn.count(size) / len(drawn) for size in config.patch_sizes]


def test_sizes_are_drawn_equally_where_no_weights_are_given():
    config = TrainConfig(patch_sizes=(2, 4, 8, 16))
    assert shares(config, 0, 10) == pytest.approx([0.25] * 4, abs=0.04)


def test_weights_move_in_a_straight_line_from_first_to_last():
    config = TrainConfig(
        patch_sizes=(4, 8), patch_size_probs=(3.0, 1.0), patch_size_probs_end=(0.0, 5.0)
    )
    assert shares(config, 0, 100) == pytest.approx([0.75, 0.25], abs=0.04)
    assert shares(config, 50, 100) == pytest.approx([0.375, 0.625], abs=0.04)
    assert shares(config, 100, 100) == [0, 1]


def test_drawn_size_is_a_plain_int():
    # A NumPy one would be a tensor to the compiled step.
    assert type(sample_patch_size(TrainConfig(patch_sizes=(4,)), 0, 1)) is int


def test_sizes_that_are_never_drawn_are_left_out():
    config = TrainConfig(patch_sizes=(2, 4, 8))
    assert sampled_patch_sizes(config) == (2, 4, 8)
    assert sampled_patch_sizes(config.replace(patch_size_probs=(0.0, 1.0, 2.0))) == (4, 8)
    both = config.replace(patch_size_probs=(0.0, 0.0, 1.0), patch_size_probs_end=(0.0, 1.0, 0.0))
    assert sampled_patch_sizes(both) == (4, 8)
    assert sampled_patch_sizes(TrainConfig()) == ()
