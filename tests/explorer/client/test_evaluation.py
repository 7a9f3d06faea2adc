"""Answers gathered slice by slice: in order, without gaps, a few asked for at a time."""

import numpy as np
import pytest

from explorer.client.evaluation import Slices, slice_size
from explorer.client.results import Problem, Waiting
from vitcore.config import PATCH_SIZES, PRESETS
from vitcore.flops import flops

WAITING = Waiting("Answering.", "Meanwhile.")


@pytest.fixture
def slices():
    return Slices(100, size=30, classes=2)


def logits(start, count):
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], 2, axis=1), 0.5


def test_what_is_there_is_in_the_order_of_the_data(slices):
    found = slices.gather(100, logits)
    np.testing.assert_array_equal(found.logits[:, 0], np.arange(100))
    assert (found.done, found.wanted, found.waiting) == (100, 100, None)
    assert found.seconds == 4 * 0.5


def test_a_slice_is_asked_for_once(slices):
    asked = []

    def ask(start, count):
        asked.append((start, count))
        return logits(start, count)

    slices.gather(40, ask)
    slices.gather(100, ask)
    assert asked == [(0, 30), (30, 30), (60, 30), (90, 10)]


def test_slices_are_whole_whatever_the_number_wanted(slices):
    found = slices.gather(40, logits)
    assert (found.done, found.wanted) == (40, 40)
    assert slices.gather(60, lambda *_: pytest.fail("it was there already")).done == 60


def test_a_gap_ends_what_is_known(slices):
    found = slices.gather(100, lambda s, n: logits(s, n) if s != 30 else WAITING)
    assert found.done == 30
    assert found.waiting is WAITING
    found = slices.gather(100, logits)
    assert (found.done, found.waiting) == (100, None)


def test_only_a_few_slices_are_asked_for_at_a_time():
    asked = []
    Slices(1000, size=10, classes=2).gather(1000, lambda s, _: asked.append(s) or WAITING)
    assert asked == [0, 10, 20, 30, 40, 50]


def test_a_problem_ends_it(slices):
    problem = Problem("It ended.", "Reload.")
    assert slices.gather(100, lambda *_: problem) is problem


def test_no_more_than_there_are_can_be_wanted(slices):
    assert slices.gather(5000, logits).wanted == 100


@pytest.mark.parametrize("preset", PRESETS)
def test_a_slice_is_a_fraction_of_a_second_and_not_too_small(preset):
    config = PRESETS[preset]
    sizes = [slice_size(config, size) for size in PATCH_SIZES]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 16
    assert sizes[-1] == 256
    for patch_size, count in zip(PATCH_SIZES, sizes, strict=True):
        if count > 16:
            assert count * sum(flops(config, patch_size).values()) <= 24e9
