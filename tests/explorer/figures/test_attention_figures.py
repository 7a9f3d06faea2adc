"""The chart of attention distance: its data, and its colours in both themes."""

import numpy as np
import pytest

from explorer.figures.attention import distance_by_block
from explorer.figures.style import palette


def test_every_head_is_a_mark_and_every_block_a_mean():
    distances = np.array([[2.0, 4.0], [10.0, 20.0], [6.0, 6.0]])
    figure = distance_by_block(distances, even=16.0, farthest=31.0, colours=palette("light"))
    data = {trace.name: trace for trace in figure.data}
    assert list(data["mean of heads"].y) == [3.0, 15.0, 6.0]
    assert list(data["one head"].x) == [1, 1, 2, 2, 3, 3]
    assert list(data["one head"].y) == [2, 4, 10, 20, 6, 6]
    assert list(data["one head"].customdata) == [1, 2, 1, 2, 1, 2]
    assert set(data["an even spread"].y) == {16.0}
    assert set(data["the farthest patch"].y) == {31.0}


def test_the_axis_starts_at_zero_and_holds_the_farthest():
    figure = distance_by_block(np.zeros((1, 1)), even=0.0, farthest=0.0, colours=palette("light"))
    low, high = figure.layout.yaxis.range
    assert low == 0
    assert high > 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_those_of_the_theme(theme):
    colours = palette(theme)
    figure = distance_by_block(np.ones((2, 2)), even=1.0, farthest=2.0, colours=colours)
    data = {trace.name: trace for trace in figure.data}
    assert data["mean of heads"].line.color == colours.first
    assert data["one head"].marker.color == colours.second
    assert figure.layout.font.color == colours.text


def test_the_themes_differ_and_light_is_the_default():
    assert palette("light") != palette("dark")
    assert palette(None) == palette("light")
    assert len(palette("dark").diverging) == 10


@pytest.mark.parametrize("shape", [(3,), (0, 3), (1, 2, 3)])
def test_another_shape_is_named_in_the_error(shape):
    with pytest.raises(ValueError, match=r"must be \(L, H\), got"):
        distance_by_block(np.zeros(shape), even=1.0, farthest=2.0, colours=palette("light"))
