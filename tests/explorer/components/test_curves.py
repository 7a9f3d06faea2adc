"""Curves: what is sent of a figure is what the figure shows."""

import numpy as np

from explorer.components.curves.component import curves_payload
from explorer.figures.style import palette
from explorer.figures.training import OverlayRun, curve

COLOURS = palette("light")


def sent(unpack, train, validation=None, **options):
    figure = curve(
        train, validation, name="loss", epochs=2.0, colours=COLOURS, revision="heron", **options
    )
    return unpack(curves_payload(figure, label="Loss: train 1.5"))


def test_points_and_looks_are_those_of_the_figure(unpack):
    header, arrays = sent(unpack, ([0.1, 0.2], [2.0, 1.5]), ([0.2], [1.8]))
    np.testing.assert_allclose(arrays["x0"], [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(arrays["y0"], [2.0, 1.5])
    np.testing.assert_allclose(arrays["y1"], [1.8], rtol=1e-6)
    train, validation = header["lines"]
    assert (train["dash"], train["markers"], train["legend"]) == ("solid", False, True)
    assert (validation["dash"], validation["markers"]) == ("dash", True)
    assert train["hue"] == validation["hue"] == 0
    assert (train["hover"], validation["hover"]) == ("loss, train", "loss, validation")
    assert (header["revision"], header["height"], header["empty"]) == ("heron", 250, "")
    assert header["label"] == "Loss: train 1.5"


def test_axes_are_those_of_the_figure(unpack):
    points = ([0.1, 0.2], [0.2, 0.5])
    assert sent(unpack, points)[0]["y"] == {"range": None, "log": False, "share": False}
    assert sent(unpack, points, logarithmic=True)[0]["y"]["log"]
    assert sent(unpack, points, share=True)[0]["y"] == {
        "range": [0, 1.02],
        "log": False,
        "share": True,
    }
    assert sent(unpack, points, highest=1.0)[0]["y"]["range"] == [0, 1.05]
    assert sent(unpack, points)[0]["x"][0] == 0


def test_what_is_smoothed_away_has_no_word_and_no_key(unpack):
    faint, smooth = sent(unpack, ([0.1, 0.2], [2.0, 1.5]), smoothing=0.5)[0]["lines"]
    assert (faint["hover"], faint["legend"], faint["opacity"] < 1) == ("", False, True)
    assert smooth["hover"] == "loss, train (smoothed)"


def test_runs_beside_it_and_the_top5_accuracy_are_written(unpack):
    other = OverlayRun(name="bold-owl", train=([0.1], [0.4]))
    header, _ = sent(
        unpack,
        ([0.1], [0.5]),
        ([0.1], [0.4]),
        run="heron",
        beside=[other],
        share=True,
        top5=([0.1], [0.9]),
    )
    assert [line["name"] for line in header["lines"] if line["legend"]] == ["bold-owl", "heron"]
    assert header["lines"][-1]["text"] == "90% top-5"


def test_before_the_first_point_it_says_so(unpack):
    header, arrays = sent(unpack, ((), ()), ((), ()))
    assert header["empty"]
    assert arrays["x0"].shape == (0,)


def test_what_lies_above_the_axis_is_said_in_the_figure(unpack):
    header, _ = sent(unpack, ([0.1, 0.2], [2.0, 1e12]), ceiling=8.0)
    assert (header["above"], header["empty"]) == ("max. 1.0e12 (off scale)", "")
    assert header["y"]["range"] == [0, 8.0]


def test_missing_values_arrive_as_missing(unpack):
    _, arrays = sent(unpack, ([0.1, 0.2], [2.0, float("nan")]))
    assert np.isnan(arrays["y0"][1])
