"""The charts that explain an answer show the numbers that they are given."""

import numpy as np
import pytest

from explorer.figures.attention import Line, heads_ranked, numbers_by_block
from explorer.figures.logit_lens import logit_lens, token_norms
from explorer.figures.style import palette

COLOURS = palette("light")
CHANGE = np.array([[0.0, -0.4], [0.1, -0.02]])


def test_heads_stand_in_the_order_of_their_change():
    (bars,) = heads_ranked(CHANGE, colours=COLOURS, off=[(1, 0)]).data
    np.testing.assert_allclose(bars.x, [-40, 10, -2, 0])
    assert [tuple(place[:2]) for place in bars.customdata] == [(0, 1), (1, 0), (1, 1), (0, 0)]
    assert list(bars.marker.color) == [
        COLOURS.diverging[0],
        COLOURS.diverging[-1],
        COLOURS.diverging[0],
        COLOURS.diverging[-1],
    ]


def test_while_images_are_counted_no_bar_jumps():
    (bars,) = heads_ranked(CHANGE, colours=COLOURS, counting=True).data
    np.testing.assert_allclose(bars.x, [0, -40, 10, -2])


def test_an_ablated_head_is_struck_out():
    ticks = heads_ranked(CHANGE, colours=COLOURS, off=[(1, 0)]).layout.yaxis.ticktext
    assert ticks[1] == "<s>L2H1</s> ablated"
    assert ticks[0] == "L1H2"


def test_nothing_that_changes_still_draws():
    figure = heads_ranked(np.zeros((1, 1)), colours=COLOURS)
    low, high = figure.layout.xaxis.range
    assert low < 0 < high


def test_every_head_is_a_circle_that_knows_its_place():
    values = np.arange(6.0).reshape(2, 3)
    figure = numbers_by_block(
        values,
        title="t",
        unit=" px",
        colours=COLOURS,
        lines=[Line(height=7.0, words="even")],
        spread=values / 10,
    )
    even, mean, marks, told = figure.data
    assert tuple(even.y) == (7.0, 7.0)
    np.testing.assert_allclose(mean.y, [1, 4])
    np.testing.assert_allclose(marks.y, values.ravel())
    np.testing.assert_allclose(marks.error_y.array, values.ravel() / 10)
    assert [tuple(place) for place in marks.customdata][4] == (1, 1)
    assert np.all(np.abs(marks.x - np.repeat([1, 2], 3)) < 0.4)
    assert figure.layout.yaxis.range[1] > 7
    assert even.name == "even (7.0 px)"
    assert told.text[4] == "L2H2: 4.0 px"
    assert set(marks.marker.symbol) == {"circle-open"}


def test_the_axis_fits_the_heads_and_names_a_line_that_is_far_from_them():
    lines = [Line(height=16.0, words="even"), Line(height=90.0, words="farthest")]
    figure = numbers_by_block(
        np.array([[10.0, 12.0], [14.0, 15.0]]),
        title="t",
        unit=" px",
        colours=COLOURS,
        lines=lines,
        enlarged=(1, 0),
    )
    low, high = figure.layout.yaxis.range
    assert 8 < low < 10
    assert 16 < high < 20
    even, farthest, _, marks, _ = figure.data
    assert farthest.name == "farthest (90.0 px, above)"
    assert set(farthest.y) == {None}
    assert list(even.y) == [16.0, 16.0]
    assert list(marks.marker.symbol) == ["circle-open"] * 2 + ["circle", "circle-open"]


def test_two_classes_are_colored_and_the_others_that_lead_are_named():
    early = np.full((3, 10), 0.05)
    early[0, 4], early[1, 3], early[2, 3] = 0.5, 0.5, 0.6
    names = [f"name {index}" for index in range(10)]
    figure = logit_lens(early, names, answer=3, other=7, colours=COLOURS)
    assert len(figure.data) == 10
    shown = {trace.name: trace for trace in figure.data if trace.showlegend}
    assert set(shown) == {"name 3", "name 7"}
    np.testing.assert_allclose(shown["name 3"].y, [0.05, 0.5, 0.6])
    assert [note.text for note in figure.layout.annotations] == ["name 4"]


def test_names_that_would_lie_on_each_other_stand_above_each_other():
    early = np.full((3, 10), 0.05)
    early[0, 4], early[1, 5], early[2, 6] = 0.5, 0.52, 0.2
    names = [f"name {index}" for index in range(10)]
    figure = logit_lens(early, names, answer=3, other=7, colours=COLOURS)
    shifts = {note.text: note.yshift for note in figure.layout.annotations}
    assert shifts["name 5"] - shifts["name 4"] >= 12
    assert shifts["name 6"] == shifts["name 4"]


def test_long_tokens_are_marked_and_the_class_token_is_apart():
    norms = np.array([[5.0, 1, 1, 1, 1], [6, 1, 9, 1, 1]])
    outliers = np.zeros((2, 4), bool)
    outliers[1, 1] = True
    figure = token_norms(norms, outliers, prefix=1, columns=2, colours=COLOURS)
    patches, long, first, median = figure.data
    assert len(patches.y) == 7
    assert list(long.y) == [9.0]
    assert long.text[0] == "(1, 2) after block 1"
    assert (first.name, list(first.y)) == ("prefix token", [5.0, 6.0])
    np.testing.assert_allclose(median.y, [1, 1])


def test_one_patch_has_a_length_too():
    figure = token_norms(
        np.ones((2, 1)), np.zeros((2, 1), bool), prefix=0, columns=1, colours=COLOURS
    )
    np.testing.assert_allclose(figure.data[0].x, [0, 1])


@pytest.mark.parametrize(
    "draw",
    [
        lambda: heads_ranked(np.zeros(3), colours=COLOURS),
        lambda: numbers_by_block(np.zeros((0, 2)), title="", unit="", colours=COLOURS),
        lambda: logit_lens(np.zeros((2, 3)), ["a"], answer=0, other=0, colours=COLOURS),
        lambda: token_norms(
            np.ones((2, 4)), np.zeros((2, 4), bool), prefix=1, columns=2, colours=COLOURS
        ),
    ],
)
def test_another_shape_is_refused(draw):
    with pytest.raises(ValueError, match="must be"):
        draw()
