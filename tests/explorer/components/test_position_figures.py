"""What the figures of Positions are sent: the tiles, and the shuffled image."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from explorer.components.positions.component import positions_payload
from explorer.components.shuffle import answers_html, images_html
from explorer.records import ShuffleResult
from explorer.text.position_encodings import PositionEncoding
from vitcore.interpret.positions import cosine_similarity

RNG = np.random.default_rng(0)


def kind(grid, name="learned", correlation=0.5):
    similarity = cosine_similarity(RNG.normal(size=(*grid, 8)))
    return PositionEncoding(name, name, True, similarity, correlation)


def test_cosines_are_read_back_to_within_a_code(unpack, image):
    kinds = [kind((4, 4)), kind((4, 4), "untrained", -0.002)]
    header, arrays = unpack(positions_payload(image.pixels, kinds))
    for k, one in enumerate(kinds):
        np.testing.assert_allclose(
            arrays["codes"][k] / 127.5 - 1.0, one.similarity, atol=1 / 255 + 1e-6
        )
    assert [one["note"] for one in header["kinds"]] == ["r = 0.50", "r = 0.00"]


def test_the_own_scale_is_centred_on_the_mean_of_different_positions(unpack, image):
    one = kind((3, 3))
    header, _ = unpack(positions_payload(image.pixels, [one]))
    flat = one.similarity.reshape(9, 9)
    expected = flat[~np.eye(9, dtype=bool)].mean()
    assert header["kinds"][0]["mean"] == pytest.approx(expected, abs=1e-4)
    assert header["kinds"][0]["reach"] > 0


def test_one_position_is_drawn(unpack, image):
    single = kind((1, 1), correlation=None)
    header, arrays = unpack(positions_payload(image.pixels, [single]))
    assert header["kinds"][0]["note"] == "1 position"
    assert arrays["codes"].ravel() == [255]


def test_different_grids_are_named_in_the_error(image):
    with pytest.raises(ValueError, match="same grid, got"):
        positions_payload(image.pixels, [kind((2, 2)), kind((3, 3))])
    with pytest.raises(ValueError, match="same grid, got"):
        positions_payload(image.pixels, [])


def html(**changes):
    even = np.full(3, 1 / 3)
    given = {
        "names": ("cat", "dog", "<b>"),
        "truth": 1,
        "notes": ("max. difference 0.60", "max. difference 0"),
        "ink": "#0B6B7F",
    }
    answers = ShuffleResult(np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.4, 0.5]), even, even)
    return answers_html(answers, **{**given, **changes})


def test_both_images_are_shown_pixel_by_pixel():
    text = images_html(np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 9, np.uint8))
    first, second = re.findall(r"base64,([^\"]+)", text)
    for data, value in ((first, 0), (second, 9)):
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert image.size == (4, 4)
            assert np.unique(np.asarray(image)) == [value]


def test_a_legend_above_the_bars_names_both_colors():
    legend = html().split("<section>")[0]
    assert "original" in legend
    assert "shuffled" in legend


def test_the_probabilities_before_and_after_stand_beside_each_class():
    text = html()
    assert "70% → 10%" in text
    assert "20% → 40%" in text
    assert text.count("33% → 33%") == 3


def test_the_top_of_both_and_the_truth_are_marked():
    _, with_positions, _ = html().split("<section>")
    assert re.findall(r'<li class="([^"]*)"', with_positions) == ["top", "truth", "top"]


def test_names_are_escaped():
    assert "<b>" not in html()
    assert "&lt;b&gt;" in html()
