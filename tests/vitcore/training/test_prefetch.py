"""Batches drawn ahead: in order, bounded, and the same with any number of threads or processes."""

import contextlib
import threading

import numpy as np
import pytest

from tests.vitcore.training.small_runs import CONFIG
from vitcore.config import MOST_IN_BATCH
from vitcore.training.data import TrainingData
from vitcore.training.prefetch import BatchWorkers, Prefetcher, depth


def test_batches_come_in_order_and_no_more_than_allowed_are_drawn():
    drawn, lock = [], threading.Lock()

    def draw(step):
        with lock:
            drawn.append(step)
        return step

    with Prefetcher(draw, range(3, 20), threads=3, most=4) as batches:
        for step in range(3, 20):
            assert batches.take() == step
            with lock:
                assert max(drawn) <= step + 4
    assert sorted(drawn) == list(range(3, 20))


def test_error_in_drawing_is_raised_where_the_batch_is_taken():
    def draw(step):
        if step == 2:
            raise OSError("no such file")
        return step

    with Prefetcher(draw, range(5), threads=2, most=4) as batches:
        assert [batches.take(), batches.take()] == [0, 1]
        with pytest.raises(OSError, match="no such file"):
            batches.take()


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_who_draws_does_not_change_what_is_trained_on(kind):
    # Across the ends of epochs, whose orders differ, and with sketches drawn by whoever is first.
    config = CONFIG.replace(cutmix=0.5)
    straight, together = (TrainingData(config, 4) for _ in range(2))
    with contextlib.ExitStack() as stack:
        draw = lambda step: together.batch(step, 12)  # noqa: E731
        if kind == "processes":
            draw = stack.enter_context(BatchWorkers(2, config, 4, None, 12)).draw
        batches = stack.enter_context(Prefetcher(draw, range(12), threads=2, most=8))
        for step in range(12):
            one, other = straight.batch(step, 12), batches.take()
            assert one.patch_size == other.patch_size
            np.testing.assert_array_equal(one.images, other.images)
            np.testing.assert_array_equal(one.labels, other.labels)


def test_large_batches_are_not_piled_up():
    assert depth(128, 4) == 8
    assert depth(128, 1) == 2
    assert depth(8192, 4) == 2
    assert depth(MOST_IN_BATCH, 4) == 1
