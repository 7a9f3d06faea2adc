"""What the figures of Positions are sent: the tiles, and the shuffled image."""

import numpy as np
import pytest

from explorer.components.packing import cosines_as_codes
from explorer.components.positions.component import positions_payload
from explorer.components.shuffle.component import shuffle_payload
from explorer.records import ShuffleResult
from explorer.text.position_encodings import PositionEncoding
from vitcore.interpret.positions import cosine_similarity

RNG = np.random.default_rng(0)


def kind(grid, name="learned", correlation=0.5):
    similarity = cosine_similarity(RNG.normal(size=(*grid, 8)))
    return PositionEncoding(name, name, True, similarity, correlation)


def test_every_encoding_is_sent(unpack, image):
    kinds = [kind((4, 4)), kind((4, 4), "untrained", -0.002)]
    header, arrays = unpack(positions_payload(image.pixels, kinds))
    expected = cosines_as_codes(np.stack([one.similarity.reshape(16, 16) for one in kinds]))
    np.testing.assert_array_equal(arrays["cosines"], expected)
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
    assert arrays["cosines"].size == 2


def test_different_grids_are_named_in_the_error(image):
    with pytest.raises(ValueError, match="same grid, got"):
        positions_payload(image.pixels, [kind((2, 2)), kind((3, 3))])
    with pytest.raises(ValueError, match="same grid, got"):
        positions_payload(image.pixels, [])


def test_the_images_and_the_four_predictions_are_sent(unpack):
    images = [np.full((4, 4, 3), value, np.uint8) for value in (0, 9)]
    shares = np.random.default_rng(1).dirichlet(np.ones(3), size=4)
    answers = ShuffleResult(*shares)
    header, arrays = unpack(shuffle_payload(*images, answers, names=("cat", "dog", "ox"), truth=1))
    for name, image in zip(("original", "shuffled"), images, strict=True):
        np.testing.assert_array_equal(arrays[name], image)
    np.testing.assert_allclose(arrays["answers"], shares, rtol=1e-6)
    assert (header["classes"], header["truth"]) == (["cat", "dog", "ox"], 1)
