"""All heads as one picture."""

import numpy as np

from explorer.attention_panels.mosaic import mosaic


def test_every_head_has_its_place_and_its_brightest_patch():
    maps = np.zeros((2, 3, 2, 2))
    maps[1, 2, 0, 1] = 0.3
    maps[0, 0, 1, 0] = 1.0
    seen = np.zeros((32, 32, 3), np.uint8)
    whole = mosaic(maps, seen, ("#000000", "#ffffff"))
    tile = 192
    assert whole.shape == (3 * tile + 16, 2 * tile + 8, 3)
    assert (whole[tile : tile + 8] == 255).all()  # the gap
    last = whole[-tile:, -tile:, 0]
    assert last[10, -10] == round(0.88 * 255)
    assert last[-10, 10] == 0
    assert whole[tile - 10, 10, 0] == round(0.88 * 255)


def test_a_picture_that_does_not_divide_stays_whole_patches():
    whole = mosaic(np.ones((1, 1, 3, 3)), np.zeros((33, 33, 3), np.uint8), ("#000000", "#ffffff"))
    assert whole.shape == (165, 165, 3)
