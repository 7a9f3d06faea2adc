"""Losses that are asked for late: the same means, and the same step is blamed."""

import math
import re

import pytest

from vitcore.config import RECIPES, TrainConfig
from vitcore.training.exit_status import DivergedError
from vitcore.training.metrics import MetricsBuffer, Step

CONFIG = TrainConfig()


class Late:
    """A number on an accelerator: it counts who waits for it."""

    def __init__(self, value, asked):
        self.value, self.asked = value, asked

    def __float__(self):
        self.asked.append(self.value)
        return float(self.value)


def step(number, loss, *, right=0.5, images=4, rate=0.1):
    return Step(number, loss, right, images, rate, 8)


def test_means_are_over_images():
    meter = MetricsBuffer(config=CONFIG)
    meter.add(step(1, 1.0, right=0.0, images=1))
    meter.add(step(2, 4.0, right=1.0, images=3, rate=0.2))
    meter.seconds = 2.0
    assert meter.take() == {
        "loss": 3.25, "accuracy": 0.75, "learning_rate": 0.2,
        "images_per_second": 2.0, "patch_size": 8,
        "points": [[1, 1.0, 0.0, 0.1], [2, 4.0, 1.0, 0.2]],
    }  # fmt: skip
    assert meter.images == meter.seconds == 0


@pytest.mark.parametrize(("late", "waited_for"), [(0, 5), (2, 3), (4, 1)])
def test_so_many_steps_may_be_under_way(late, waited_for):
    meter, asked = MetricsBuffer(late, config=CONFIG), []
    for number in range(1, 6):
        meter.add(step(number, Late(number, asked)))
    assert asked == [1, 2, 3, 4, 5][:waited_for]
    meter.settle()
    assert asked == [1, 2, 3, 4, 5]
    assert meter.take()["loss"] == 3.0


@pytest.mark.parametrize("late", [0, 3])
def test_first_loss_that_is_no_number_is_named_with_its_own_rate(late):
    meter = MetricsBuffer(late, config=CONFIG)
    losses = [1.0, math.inf, math.nan, 1.0]
    with pytest.raises(DivergedError) as caught:  # noqa: PT012 - at which step, depends on `late`
        for number, loss in enumerate(losses, 1):
            meter.add(step(number, loss, rate=number / 1000))
        meter.settle()
    assert str(caught.value) == (
        "Loss is infinite at step 2 (learning rate 0.002). Try learning_rate=0.0001."
    )
    assert caught.value.step == 1


@pytest.mark.parametrize(
    ("rate", "usable", "advice"),
    [
        (2e-3, 2e-4, "Try learning_rate=0.0002."),
        (1e9, 2e-3, "Try learning_rate=0.002."),
    ],
)
def test_rate_above_the_recipes_is_answered_with_the_recipes(rate, usable, advice):
    config = RECIPES["article"].replace(learning_rate=rate)
    with pytest.raises(DivergedError, match=re.escape(advice)) as caught:
        MetricsBuffer(config=config).add(step(1, math.nan))
    assert caught.value.usable_rate == usable
