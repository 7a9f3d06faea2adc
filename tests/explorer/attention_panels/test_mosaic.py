"""All heads as one picture."""

import numpy as np

from explorer.attention_panels.mosaic import heads_figure, mosaic


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


def test_the_figure_of_all_heads_has_room_for_its_words_and_rings_the_patch_that_looks():
    maps, seen = np.zeros((2, 3, 2, 2)), np.zeros((32, 32, 3), np.uint8)
    said = {"title": "frog 0, model demo, patch size 16", "said": "Where it looks"}
    plain, ringed = (
        heads_figure(maps, seen, ("#000000", "#ffffff"), query=query, **said)
        for query in (None, (0, 1))
    )
    assert plain.shape == ringed.shape
    assert plain.shape[0] > 3 * 192
    assert plain.shape[1] > 2 * 192
    assert (plain[:100] < 128).any()  # a title
    changed = np.argwhere((plain != ringed).any(axis=-1))
    assert len(changed) > 6 * 2 * 96  # a ring in each of six maps


def test_a_figure_of_one_head_is_as_wide_as_its_title():
    maps, seen = np.ones((1, 1, 1, 1)), np.zeros((32, 32, 3), np.uint8)
    how = {"said": "Where it looks", "title": "frog 0, model with a long name, patch size 32" * 2}
    figure = heads_figure(maps, seen, ("#000000", "#ffffff"), **how)
    assert (figure[:60, -25:] == 255).all()


def test_one_scale_for_all_maps_leaves_the_weak_ones_dark():
    maps, seen = np.zeros((2, 1, 1, 1)), np.zeros((32, 32, 3), np.uint8)
    maps[0], maps[1] = 0.1, 1.0
    weak, strong = (
        mosaic(maps, seen, ("#000000", "#ffffff"), highest=top)[10, 10, 0] for top in (1.0, None)
    )
    assert weak < strong == round(0.88 * 255)
