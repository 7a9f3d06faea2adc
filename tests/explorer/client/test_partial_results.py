"""Slices: a few asked for at a time, one of them news, and none longer than others can wait."""

import itertools

from explorer.client.partial_results import in_parts
from explorer.client.tasks.chunk_size import chunk_size
from explorer.results import Failure, Pending, Ready
from tests.vitcore.small_models import small_config

WAITING = Pending("Working.", "Meanwhile.")


def slices(late):
    """Questions 0, 1, .. that are answered unless `late(question, how often asked)`."""
    log, counts = [], {}

    def ask(number, *, notify):
        log.append((number, notify))
        counts[number] = counts.get(number, 0) + 1
        return WAITING if late(number, counts[number]) else Ready(number)

    return log, lambda number: lambda **how: ask(number, **how)


def test_only_a_few_slices_are_asked_for_and_one_of_them_is_news():
    log, ask = slices(lambda number, _: number >= 3)
    result = in_parts([ask(number) for number in range(40)])
    assert result.value == [0, 1, 2] + [None] * 37
    assert result.pending == Pending("Working.", "Meanwhile.", 3 / 40)
    assert {number for number, _ in log} == set(range(11))
    assert [number for number, notify in log if notify] == [7]


def test_of_the_last_slices_the_last_is_news():
    log, ask = slices(lambda number, _: number >= 8)
    in_parts([ask(number) for number in range(10)])
    assert [number for number, notify in log if notify] == [9]


def test_a_slice_that_comes_while_it_is_asked_for_is_not_waited_for_for_ever():
    log, ask = slices(lambda number, times: times < 2)
    assert in_parts([ask(number) for number in range(3)]) == Ready([0, 1, 2])


def test_a_problem_of_one_slice_is_that_of_all():
    problem = Failure("It ended.", "Reload.")
    assert in_parts([lambda **_: Ready(1), lambda **_: problem]) is problem


def test_a_slice_has_at_least_one_image_and_takes_less_at_small_patches():
    config = small_config(width=192, depth=6, num_heads=3, mlp_dim=768)
    for passes in (4, 25):
        sizes = [chunk_size(config, size, passes) for size in (2, 4, 8, 32)]
        assert sizes == sorted(sizes)
        assert sizes[0] >= 1
        assert all(a <= b <= 20 for a, b in itertools.pairwise(sizes))
