"""The chart of similarity against distance: its data, and its colours in both themes."""

import numpy as np
import pytest

from explorer.figures.positions import similarity_against_distance
from explorer.figures.style import palette

LINES = {
    name: (np.array([1.0, 2.0]), np.array([0.5, value]))
    for name, value in (("learned", 0.1), ("sin-cos 1-D", 0.2), ("untrained", 0.0))
}


def test_each_kind_is_a_line_of_its_own_numbers():
    figure = similarity_against_distance(LINES, colours=palette("light"))
    assert [trace.name for trace in figure.data] == list(LINES)
    for trace, (distances, cosines) in zip(figure.data, LINES.values(), strict=True):
        np.testing.assert_array_equal(trace.x, distances)
        np.testing.assert_array_equal(trace.y, cosines)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_main_line_has_the_first_colour_of_the_theme(theme):
    figure = similarity_against_distance(LINES, colours=palette(theme))
    assert figure.data[0].line.color == palette(theme).first
    assert "markers" in figure.data[0].mode


def test_lines_are_told_apart_without_colour():
    figure = similarity_against_distance(LINES, colours=palette("light"))
    looks = {(trace.mode, trace.line.width, trace.line.dash) for trace in figure.data}
    assert len(looks) == len(LINES)


def test_a_line_whose_arrays_differ_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"\(K,\), got \(2,\) and \(3,\)"):
        similarity_against_distance({"x": (np.zeros(2), np.zeros(3))}, colours=palette("light"))
