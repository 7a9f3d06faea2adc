"""Images of every usual kind, converted by hand."""

import numpy as np
import pytest
from PIL import Image

from vitcore.images import as_image, as_images

RED = [255, 0, 0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.full((2, 1, 1, 3), RED, np.uint8), [[[RED]], [[RED]]]),
        (np.full((1, 2, 3), RED, np.uint8), [[[RED, RED]]]),
        (np.array([[7, 9]], np.uint8), [[[[7] * 3, [9] * 3]]]),
        (np.array([[[7], [9]]], np.uint8), [[[[7] * 3, [9] * 3]]]),
        (np.array([[[1.0, 0.5, 0.0]]], np.float32), [[[[255, 128, 0]]]]),
        (np.array([[[1.0, 0.5, 0.0]]], np.float16), [[[[255, 128, 0]]]]),
        (np.array([[[255, 0, 0, 0]]], np.uint8), [[[[255] * 3]]]),  # transparent: white
        (np.array([[[255, 0, 0, 255]]], np.uint8), [[[RED]]]),
        (np.array([[[0, 0, 0, 51]]], np.uint8), [[[[204] * 3]]]),  # a fifth of black over white
        (np.array([[[1.0001, 0.5, -0.0001]]], np.float32), [[[[255, 128, 0]]]]),  # denormalized
        (Image.new("RGB", (1, 1), (255, 0, 0)), [[[RED]]]),
        (Image.new("RGB", (1, 1), (255, 0, 0)).convert("P"), [[[RED]]]),
        (Image.new("CMYK", (1, 1), (0, 255, 255, 0)), [[[RED]]]),
        (Image.new("LA", (1, 1), (0, 51)), [[[[204] * 3]]]),
        (Image.new("1", (1, 1), 1), [[[[255] * 3]]]),
        (Image.fromarray(np.array([[65535, 257]], np.uint16)), [[[[255] * 3, [1] * 3]]]),
        (Image.new("F", (1, 1), 0.5), [[[[128] * 3]]]),
        (np.zeros((0, 4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3))),
    ],
)
def test_becomes_a_batch_of_rgb(given, expected):
    images = as_images(given)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((3, 8, 8), np.uint8), "Channels come last"),
        (np.zeros((2, 3, 8, 8), np.uint8), "Channels come last"),
        (
            np.zeros((5, 8, 8), np.uint8),
            "must have shape",
        ),  # five gray images, or one of 8 channels
        (np.zeros((8, 8, 2), np.uint8), "must have shape"),
        (np.zeros((0, 8, 3), np.uint8), "must have shape"),
        (np.zeros((1, 1, 1, 8, 8, 3), np.uint8), "must have shape"),
        (np.zeros((8, 8, 3), np.int64), "int64.* / 255"),
        (np.zeros((8, 8, 3), np.uint16), "uint16.* / 65535"),
        (np.zeros((8, 8, 3), bool), "bool.* / 1"),
        (Image.new("I", (8, 8)), "int32"),
        (Image.new("F", (8, 8), 200.0), "200"),
        (np.full((8, 8, 3), 200.0), "200"),
        (np.full((8, 8, 3), -0.5), "-0.5"),
        (np.full((8, 8, 3), np.nan), "must be finite"),
    ],
)
def test_what_is_ambiguous_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        as_images(given)


def test_one_image_is_one():
    assert as_image(np.zeros((1, 4, 5, 3), np.uint8)).shape == (4, 5, 3)
    with pytest.raises(ValueError, match="one image, got 2"):
        as_image(np.zeros((2, 4, 5, 3), np.uint8))
