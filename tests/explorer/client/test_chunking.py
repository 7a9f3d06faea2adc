"""Slices: a few asked for at a time, one of them news, and none longer than others can wait."""

import itertools

from explorer.client.results import Problem, Waiting
from explorer.client.tasks.chunking import in_slices, slice_size
from tests.vitcore.small_models import small_config

WAITING = Waiting("Working.", "Meanwhile.")


def slices(late):
    """Questions 0, 1, .. that are answered unless `late(question, how often asked)`."""
    log, counts = [], {}

    def ask(number, *, heeded):
        log.append((number, heeded))
        counts[number] = counts.get(number, 0) + 1
        return WAITING if late(number, counts[number]) else number

    return log, lambda number: lambda **how: ask(number, **how)


def test_only_a_few_slices_are_asked_for_and_one_of_them_is_news():
    log, ask = slices(lambda number, _: number >= 3)
    answers = in_slices([ask(number) for number in range(40)])
    assert answers == [0, 1, 2] + [WAITING] * 8
    assert [number for number, heeded in log if heeded] == [7]


def test_of_the_last_slices_the_last_is_news():
    log, ask = slices(lambda number, _: number >= 8)
    in_slices([ask(number) for number in range(10)])
    assert [number for number, heeded in log if heeded] == [9]


def test_a_slice_that_comes_while_it_is_asked_for_is_not_waited_for_for_ever():
    log, ask = slices(lambda number, times: times < 2)
    assert in_slices([ask(number) for number in range(3)]) == [0, 1, 2]


def test_a_problem_of_one_slice_is_that_of_all():
    problem = Problem("It ended.", "Reload.")
    assert in_slices([lambda **_: 1, lambda **_: problem]) is problem


def test_a_slice_has_at_least_one_picture_and_takes_less_at_small_patches():
    config = small_config(width=192, depth=6, num_heads=3, mlp_dim=768)
    for passes in (4, 25):
        sizes = [slice_size(config, size, passes) for size in (2, 4, 8, 32)]
        assert sizes == sorted(sizes)
        assert sizes[0] >= 1
        assert all(a <= b <= 20 for a, b in itertools.pairwise(sizes))
