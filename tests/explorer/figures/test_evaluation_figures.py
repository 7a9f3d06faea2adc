"""What a model gets right, as charts: the numbers that were given, where they belong."""

import numpy as np
import pytest

from explorer.figures.evaluation import confusion_matrix, reliability_diagram
from explorer.figures.patch_sizes import PatchSizeSeries, accuracy_and_cost
from explorer.figures.style import contrast, mixed, palette

LIGHT = palette("light")
NAMES = ("cat", "dog", "frog")
MATRIX = np.array([[6, 2, 0], [1, 8, 1], [0, 0, 0]])


def test_right_answers_and_mistakes_are_shaded_apart():
    right, wrong, *_ = confusion_matrix(MATRIX, NAMES, colours=LIGHT).data
    np.testing.assert_allclose(np.diag(right.z), [0.75, 0.8, 0])
    assert np.isnan(right.z[~np.eye(3, dtype=bool)]).all()
    assert np.isnan(np.diag(wrong.z)).all()
    assert wrong.z[0, 1] == wrong.zmax == 0.25  # the most frequent mistake has the full shade
    assert right.colorscale[-1][1] == LIGHT.first
    assert wrong.colorscale[-1][1] == LIGHT.second


def test_cells_hold_their_counts_and_nothing_where_there_is_none():
    _, _, dark, bright, _ = confusion_matrix(MATRIX, NAMES, colours=LIGHT).data
    together = np.char.add(dark.text.astype(str), bright.text.astype(str))
    np.testing.assert_array_equal(together, [["6", "2", ""], ["1", "8", "1"], ["", "", ""]])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_counts_can_be_read_on_every_shade(theme):
    colours = palette(theme)
    matrix = np.full((11, 11), 50) + np.diag(np.arange(0, 1100, 100))  # shares of 9 to 68%
    shades = confusion_matrix(matrix, "abcdefghijk", colours=colours).data[:2]
    counts = confusion_matrix(matrix, "abcdefghijk", colours=colours).data[2:4]
    for shade in shades:
        (_, low), (_, high) = shade.colorscale
        for row, column in zip(*np.nonzero(np.isfinite(shade.z)), strict=True):
            ground = mixed(low, high, shade.z[row, column] / shade.zmax)
            (ink,) = [one.textfont.color for one in counts if one.text[row, column]]
            assert contrast(ink, ground) >= 4.5


def test_contrast_is_that_of_the_web_guidelines():
    white = np.ones(3)
    assert contrast("#000000", white) == pytest.approx(21)
    assert contrast("#ffffff", white) == pytest.approx(1)
    assert contrast("#777777", white) == pytest.approx(4.478, abs=1e-3)
    np.testing.assert_allclose(
        mixed("#000000", "#ff0000", np.array([0.0, 0.5])), [[0] * 3, [0.5, 0, 0]]
    )


def test_every_cell_has_a_mark_that_answers_to_a_click():
    marks = confusion_matrix(MATRIX, NAMES, colours=LIGHT).data[-1]
    assert sorted(zip(marks.y, marks.x, strict=True)) == [
        (r, c) for r in range(3) for c in range(3)
    ]
    place = list(zip(marks.y, marks.x, strict=True)).index((0, 1))
    assert marks.text[place] == "cat → dog: 2<br>25.0% of cat images"
    assert marks.marker.opacity == marks.selected.marker.opacity == 0


def test_the_first_class_is_at_the_top_and_the_chosen_cell_is_framed():
    figure = confusion_matrix(MATRIX, NAMES, colours=LIGHT, chosen=(1, 2))
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 2.5, 0.5, 1.5)
    assert not confusion_matrix(MATRIX, NAMES, colours=LIGHT).layout.shapes


def test_a_matrix_without_a_mistake_or_an_image_is_drawn():
    for matrix in (np.eye(3, dtype=int), np.zeros((3, 3), int)):
        figure = confusion_matrix(matrix, NAMES, colours=LIGHT)
        shares = np.array(figure.data[0].z, dtype=float)
        assert shares.shape == (3, 3)
        assert not np.isinf(shares).any()


def test_a_matrix_of_other_classes_is_refused():
    with pytest.raises(ValueError, match=r"matrix must be \(2, 2\), got \(3, 3\)"):
        confusion_matrix(MATRIX, NAMES[:2], colours=LIGHT)


def test_bins_stand_at_their_confidence_and_empty_ones_are_left_out():
    figure = reliability_diagram(
        np.array([0, 0.4, 0.6, 0.9]),
        np.array([0, 0.5, 0.7, 0.8]),
        np.array([0, 10, 20, 5]),
        colours=LIGHT,
    )
    perfect, accuracy, confidence, images = figure.data
    assert (list(perfect.x), list(perfect.y)) == ([0, 1], [0, 1])
    assert list(accuracy.x) == [0.375, 0.625, 0.875]
    assert list(accuracy.y) == [0.5, 0.7, 0.8]
    assert list(confidence.y) == [0.4, 0.6, 0.9]
    assert list(images.y) == [0, 10, 20, 5]
    assert (accuracy.yaxis or "y", images.yaxis) == ("y", "y2")


def test_bins_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"must have shape \(M,\), got \(3,\), \(3,\) and \(2,\)"):
        reliability_diagram(np.zeros(3), np.zeros(3), np.zeros(2), colours=LIGHT)


FLEXI = PatchSizeSeries(
    name="flexi",
    patch_sizes=[4, 8, 16],
    accuracy=[0.8, 0.7, 0.5],
    operations=[4e8, 1e8, 2e7],
    tokens=[64, 16, 4],
)
PLAIN = PatchSizeSeries(
    name="plain", patch_sizes=[4, 8], accuracy=[0.8, 0.2], operations=[4e8, 1e8], tokens=[65, 17]
)


def drawn(models=(FLEXI, PLAIN), now=8):
    return accuracy_and_cost(models, sizes=(4, 6, 8, 16), now=now, colours=LIGHT)


def test_accuracy_is_above_and_cost_below_at_the_same_stops():
    share, cost = drawn().data[:2]
    assert list(share.x) == list(cost.x) == [0, 2, 3]
    assert list(share.y) == FLEXI.accuracy
    assert list(cost.y) == [400, 100, 20]
    assert (share.yaxis or "y", cost.yaxis) == ("y", "y2")
    assert drawn().layout.yaxis2.type == "log"
    assert list(share.customdata) == [4, 8, 16]


def test_each_model_has_one_line_and_is_named_once():
    figure = drawn()
    assert [line.name for line in figure.data] == ["flexi", "flexi", "plain", "plain"]
    assert [line.showlegend for line in figure.data] == [None, False, None, False]
    assert len({line.line.color for line in figure.data}) == 2


def test_the_present_patch_size_is_marked_on_line_and_axis():
    figure = drawn(now=16)
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 3
    assert list(figure.layout.xaxis2.ticktext) == ["4<br>64", "6<br>", "8<br>16", "<b>16</b><br>4"]


def test_a_size_that_is_no_stop_is_refused():
    with pytest.raises(ValueError, match="among"):
        drawn(now=5)
