"""Answers gathered slice by slice: in order, without gaps, a few asked for at a time."""

import numpy as np
import pytest

from explorer.client.evaluation import Chunks
from explorer.client.tasks.chunk_size import evaluation_chunk_size
from explorer.results import Failure, Pending, Ready
from vitcore.config import PATCH_SIZES, PRESETS
from vitcore.flops import flops

WAITING = Pending("Answering.", "Meanwhile.")


@pytest.fixture
def chunks():
    return Chunks(100, size=30, classes=2)


def logits(start, count):
    values = np.arange(start, start + count, dtype=np.float32)
    return Ready((np.repeat(values[:, None], 2, axis=1), 0.5))


def test_what_is_there_is_in_the_order_of_the_data(chunks):
    found = chunks.gather(100, logits)
    np.testing.assert_array_equal(found.value.logits[:, 0], np.arange(100))
    assert (found.value.done, found.value.wanted, found.pending) == (100, 100, None)
    assert found.value.seconds == 4 * 0.5


def test_a_slice_is_asked_for_once(chunks):
    asked = []

    def ask(start, count):
        asked.append((start, count))
        return logits(start, count)

    chunks.gather(40, ask)
    chunks.gather(100, ask)
    assert asked == [(0, 30), (30, 30), (60, 30), (90, 10)]


def test_slices_are_whole_whatever_the_number_wanted(chunks):
    found = chunks.gather(40, logits).value
    assert (found.done, found.wanted) == (40, 40)
    assert chunks.gather(60, lambda *_: pytest.fail("it was there already")).value.done == 60


def test_a_gap_ends_what_is_known(chunks):
    found = chunks.gather(100, lambda s, n: logits(s, n) if s != 30 else WAITING)
    assert found.value.done == 30
    assert found.pending is WAITING
    found = chunks.gather(100, logits)
    assert (found.value.done, found.pending) == (100, None)


def test_only_a_few_slices_are_asked_for_at_a_time():
    asked = []
    Chunks(1000, size=10, classes=2).gather(1000, lambda s, _: asked.append(s) or WAITING)
    assert asked == [0, 10, 20, 30, 40, 50]


def test_a_problem_ends_it(chunks):
    problem = Failure("It ended.", "Reload.")
    assert chunks.gather(100, lambda *_: problem) is problem


def test_no_more_than_there_are_can_be_wanted(chunks):
    assert chunks.gather(5000, logits).value.wanted == 100


@pytest.mark.parametrize("preset", PRESETS)
def test_a_slice_is_a_fraction_of_a_second_and_not_too_small(preset):
    config = PRESETS[preset]
    sizes = [evaluation_chunk_size(config, size) for size in PATCH_SIZES]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 16
    assert sizes[-1] == 256
    for patch_size, count in zip(PATCH_SIZES, sizes, strict=True):
        if count > 16:
            assert count * sum(flops(config, patch_size).values()) <= 24e9
