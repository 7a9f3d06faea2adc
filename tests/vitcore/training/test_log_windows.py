"""Windows of a curve: the same for every run, few for a long one."""

import pytest

from vitcore.training.metrics import LogWindows, ends_window, window_length


@pytest.mark.parametrize(
    "step, size",
    [(1, 1), (128, 1), (129, 2), (256, 2), (257, 4), (512, 4), (513, 8), (1_000_000, 8192)],
)
def test_windows_double_whenever_the_run_has(step, size):
    assert window_length(step) == size


def test_the_second_half_of_every_run_has_64_points_and_few_come_before():
    for steps in (256, 4096, 65_536):
        assert sum(map(ends_window, range(steps // 2 + 1, steps + 1))) == 64
    assert sum(map(ends_window, range(1, 65_537))) == 128 + 9 * 64


def taken(every, steps=300, first=1):
    """All points, asked for every so many steps; a part is replaced by what comes next."""
    windows, points = LogWindows(), []
    for step in range(first, steps + 1):
        windows.add(step, 1 / step, step / steps, 10, 0.1)
        if step % every == 0 or step == steps:
            new = windows.take()
            if new and points and not ends_window(points[-1][0]):
                points.pop()
            points += new
    return points


def test_points_do_not_depend_on_when_they_are_asked_for():
    assert taken(1) == taken(7) == taken(300)
    assert [point[0] for point in taken(7)][-12:] == [254, 256, *range(260, 300, 4)][-11:] + [300]


def test_points_are_means_over_images():
    windows = LogWindows()
    windows.add(129, 1.0, 0.0, 1, 0.1)
    assert windows.take() == [[129, 1.0, 0.0, 0.1]]
    windows.add(130, 4.0, 1.0, 3, 0.2)
    assert windows.take() == [[130, 3.25, 0.75, 0.2]]
    assert windows.take() == []


def test_a_window_whose_first_steps_are_missing_gives_no_point():
    assert [point[0] for point in taken(1, first=298)] == []
    assert [point[0] for point in taken(1, first=294)] == [300]


def test_a_resumed_run_completes_the_window_that_was_open():
    before, after = LogWindows(), LogWindows()
    before.add(129, 1.0, 0.0, 1, 0.1)
    after.open = before.open
    assert after.take() == []
    after.add(130, 4.0, 1.0, 3, 0.2)
    assert after.take() == [[130, 3.25, 0.75, 0.2]]
