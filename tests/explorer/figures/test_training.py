"""Training curves: two lines of one hue, an axis that reaches to the end, zoom that stays."""

import pytest

from explorer.figures.style import palette
from explorer.figures.training import OverlayRun, curve, smoothed

TRAIN = ([0.1, 0.2, 0.3], [2.3, 2.0, 1.5])
VALIDATION = ([0.3], [1.8])


def drawn(train=TRAIN, validation=VALIDATION, **changes):
    options = {
        "name": "loss",
        "epochs": 2.0,
        "colours": palette("light"),
        "revision": "quiet-heron",
        **changes,
    }
    return curve(train, validation, **options)


def test_training_is_solid_and_validation_dashed_in_one_hue():
    train, validation = drawn().data
    assert (train.line.dash, validation.line.dash) == (None, "dash")
    assert train.line.color == validation.line.color == palette("light").first


def test_the_points_are_those_of_the_run():
    train, validation = drawn().data
    assert (list(train.x), list(train.y)) == TRAIN
    assert (list(validation.x), list(validation.y)) == VALIDATION


def test_the_axis_reaches_the_last_epoch_from_the_start():
    low, high = drawn(epochs=5.0).layout.xaxis.range
    assert low == 0
    assert 5.0 < high < 5.5


def test_shares_stand_on_a_fixed_axis_of_percentages():
    axis = drawn(share=True).layout.yaxis
    assert axis.range[0] == 0
    assert axis.range[1] >= 1
    assert axis.tickformat == ".0%"


def test_loss_starts_at_zero_unless_the_axis_is_logarithmic():
    assert drawn().layout.yaxis.rangemode == "tozero"
    assert drawn(logarithmic=True).layout.yaxis.type == "log"


def test_a_diverging_loss_does_not_flatten_the_others():
    away = drawn(([0.1, 0.2, 0.3], [2.3, 5.8e9, float("nan")]), ceiling=8.0).layout
    assert away.yaxis.range == (0, 8.0)
    assert [note.text for note in away.annotations] == ["max. 5.8e9 (off scale)"]
    assert drawn(ceiling=8.0).layout.yaxis.range is None
    assert drawn(([0.1], [5.8e9]), ceiling=8.0, logarithmic=True).layout.yaxis.type == "log"


def test_zoom_stays_within_a_run_and_not_between_runs():
    assert drawn(revision="a").layout.uirevision == drawn(revision="a").layout.uirevision
    assert drawn(revision="a").layout.uirevision != drawn(revision="b").layout.uirevision


def test_a_quantity_without_validation_is_one_line_without_a_legend():
    figure = drawn(validation=None)
    assert len(figure.data) == 1
    assert not figure.layout.showlegend


def test_a_single_point_is_seen():
    assert "markers" in drawn(([0.1], [2.3])).data[0].mode
    assert drawn().data[0].mode == "lines"


def test_validation_points_are_circled_while_they_lie_apart():
    for count, circled in ((60, True), (61, False)):
        points = [float(k) for k in range(count)], [1.0] * count
        assert ("markers" in drawn(validation=points).data[1].mode) == circled


def test_runs_beside_it_have_hues_of_their_own_and_lie_below():
    other = OverlayRun(name="bold-owl", train=([0.1, 0.2], [2.0, 1.9]), validation=([0.2], [2.0]))
    *below, _, _ = lines = drawn(run="quiet-heron", beside=[other]).data
    assert [line.name for line in lines] == ["bold-owl", "validation", "quiet-heron", "validation"]
    assert {line.line.color for line in below} == {palette("light").second}
    assert lines[-1].line.color == palette("light").first
    assert "bold-owl" in below[0].hovertemplate
    assert drawn(run="quiet-heron", beside=[other]).layout.showlegend


def test_runs_beside_it_are_few():
    other = OverlayRun(name="bold-owl", train=TRAIN)
    with pytest.raises(ValueError, match="at most 3 runs fit beside one, got 4"):
        drawn(beside=[other] * 4)
    with pytest.raises(ValueError, match="as many epochs as values, got 1 and 0"):
        drawn(beside=[OverlayRun(name="bold-owl", train=([1.0], []))])


def test_smoothing_draws_the_mean_and_the_points_behind_it():
    faint, train, validation = drawn(smoothing=0.5).data
    assert list(faint.y) == TRAIN[1]
    assert (faint.opacity < 0.5, faint.showlegend, faint.hoverinfo) == (True, False, "skip")
    # By hand: weights 1/2; 1/4, 1/2; 1/8, 1/4, 1/2; each divided by their sum.
    assert list(train.y) == pytest.approx([2.3, (2.3 + 2 * 2.0) / 3, (2.3 + 4.0 + 6.0) / 7])
    assert list(validation.y) == VALIDATION[1]


def test_a_constant_stays_what_it_is_and_a_missing_value_missing():
    means = smoothed([2.0, float("nan"), 2.0], 0.9)
    assert (means[0], means[2]) == (pytest.approx(2.0), pytest.approx(2.0))
    assert means[1] != means[1]


@pytest.mark.parametrize("share", [1.0, -0.1])
def test_smoothing_that_forgets_nothing_is_refused(share):
    with pytest.raises(ValueError, match=r"smoothing must be in \[0, 1\), got"):
        drawn(smoothing=share)


def test_the_top5_accuracy_is_dotted():
    figure = drawn(share=True, top5=([0.3], [0.9]))
    assert (figure.data[-1].line.dash, list(figure.data[-1].y)) == ("dot", [0.9])
    assert len(drawn(share=True, top5=((), ())).data) == 2


def test_nothing_yet_is_an_empty_figure():
    figure = drawn(((), ()), ((), ()), logarithmic=True)
    assert [len(line.x) for line in figure.data] == [0, 0]
    assert not figure.layout.xaxis.showticklabels
    assert not figure.layout.showlegend
    assert [note.name for note in figure.layout.annotations] == ["empty"]
    assert not drawn().layout.annotations


def test_both_themes_have_their_colours():
    light, dark = (drawn(colours=palette(theme)).data[0].line.color for theme in ("light", "dark"))
    assert light != dark


def test_the_height_is_the_one_asked_for():
    assert drawn(height=123).layout.height == 123


def test_epochs_without_values_are_refused():
    with pytest.raises(ValueError, match="as many epochs as values, got 2 and 1"):
        drawn(([1, 2], [1]))
