"""The learning rate of each step, by hand."""

import math

import pytest

from vitcore.config import TrainConfig
from vitcore.training.schedule import ends_cycle, learning_rate


def test_rate_rises_in_a_straight_line_then_falls_as_a_cosine():
    config = TrainConfig(learning_rate=0.8, warmup_ratio=0.2)
    rates = [learning_rate(config, step, 10) for step in range(10)]
    assert rates[:3] == pytest.approx([0.4, 0.8, 0.8])  # two steps of warm-up, then the highest
    assert rates[6] == pytest.approx(0.4)  # half-way down
    for step in range(2, 10):
        expected = 0.8 * (1 + math.cos(math.pi * (step - 2) / 8)) / 2
        assert rates[step] == pytest.approx(expected)
    assert 0 < rates[9] < 0.04


def test_plateau_keeps_the_rate_but_for_its_drops():
    config = TrainConfig(learning_rate=0.1, warmup_ratio=0.0, schedule="plateau")
    assert {learning_rate(config, step, 10) for step in range(10)} == {0.1}
    assert learning_rate(config, 5, 10, factor=0.64) == pytest.approx(0.064)


def test_run_of_one_step_has_a_rate():
    assert learning_rate(TrainConfig(learning_rate=0.1), 0, 1) == 0.1


def test_each_cycle_is_a_run_of_its_own():
    one = TrainConfig(learning_rate=0.8, warmup_ratio=0.2)
    of_one = [learning_rate(one, step, 10) for step in range(10)]
    three = one.replace(cycles=3)
    assert [learning_rate(three, step, 30) for step in range(30)] == of_one * 3
    assert [done for done in range(31) if ends_cycle(three, done, 30)] == [10, 20, 30]
    assert not any(ends_cycle(one, done, 10) for done in range(11))


@pytest.mark.parametrize(("steps", "cycles", "ends"), [(7, 3, [2, 4, 7]), (3, 3, [1, 2, 3])])
def test_cycles_share_the_steps_as_evenly_as_they_can(steps, cycles, ends):
    config = TrainConfig(learning_rate=0.8, warmup_ratio=0.0, cycles=cycles)
    assert [done for done in range(steps + 1) if ends_cycle(config, done, steps)] == ends
    rates = [learning_rate(config, step, steps) for step in range(steps)]
    assert [step for step, rate in enumerate(rates) if rate == 0.8] == [0, *ends[:-1]]
