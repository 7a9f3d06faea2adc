"""All heads as one still image."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from vitcore.lens import SHARED
from vitcore.lens.figure import as_png, heads_figure, over
from vitcore.lens.view import INFERNO

GRAYS, REDS = ("#000000", "#ffffff"), ("#000000", "#ff0000")
BLACK = np.zeros((32, 32, 3), np.uint8)


def figure(maps, image=BLACK, **given):
    return heads_figure(maps, image, REDS, **{"title": "frog, patch size 16", **given})


def brightest(drawn):
    """Pixels of the color of a maximum over a black image, which is drawn nearer to white."""
    under = 255 * 0.2 * 0.88
    return (drawn == (round(0.924 * 255 + 0.076 * under), *[round(0.076 * under)] * 2)).all(axis=-1)


def test_a_map_lies_over_the_image_as_in_the_lens():
    # drawing.js: color at 0.2 + 0.8 x of the ramp, opacity 1.05 * 0.88 * sqrt(x), at most 0.94
    under = np.full((4, 4, 3), 100.0)
    drawn = over(np.array([[0.0, 0.25], [0.64, 1.0]]), under, GRAYS)
    assert drawn[0, 0, 0] == 100
    assert drawn[0, 2, 0] == round(0.538 * 100 + 0.462 * 255 * 0.4)
    assert drawn[2, 0, 0] == round(0.2608 * 100 + 0.7392 * 255 * 0.712)
    assert drawn[3, 3, 0] == round(0.076 * 100 + 0.924 * 255)
    assert (drawn[:2, :2] == drawn[0, 0]).all()  # whole cells, nothing blurred


def test_the_ramp_is_that_of_the_view():
    css = (SHARED / "view.css").read_text(encoding="utf-8")
    listed = re.search(r"sequential-colors:\s*([^;]+)", css)[1]
    assert listed.split(", ") == [color.lower() for color in INFERNO]


def test_every_head_has_its_place_and_its_strongest_patch():
    maps = np.zeros((2, 3, 2, 2))
    for place in np.ndindex(2, 3):
        maps[place][place[0], 0] = 0.1 * (1 + place[1])
    cells = np.argwhere(brightest(figure(maps)))
    assert len(cells) == 6 * 96 * 96  # cells of 96 pixels: maps of 192
    assert len(np.unique(cells[:, 1])) == 2 * 96  # the left half of two columns of maps
    assert len(np.unique(cells[:, 0])) == 3 * 2 * 96  # a half of each of three rows, twice


@pytest.mark.parametrize("cells", [(8, 8), (14, 14), (6, 12), (12, 6)])
def test_a_query_is_ringed_in_the_image_and_in_every_map(cells):
    maps = np.full((2, 3, *cells), 0.01)
    plain, ringed = (figure(maps, query=query) for query in (None, (cells[0] - 1, 2)))
    assert plain.shape == ringed.shape
    changed = (plain != ringed).any(axis=-1)
    columns = changed[plain.shape[0] // 4 :].any(axis=0)
    assert np.count_nonzero(np.diff(columns.astype(int)) == 1) == 1 + 2  # image, two blocks
    assert {tuple(p) for p in ringed[changed]} >= {(0, 0, 0), (255, 255, 255)}


def test_one_scale_for_all_maps_leaves_the_weak_ones_dark():
    maps = np.array([0.1, 1.0]).reshape(2, 1, 1, 1)
    each, shared = (figure(maps, shared=one) for one in (False, True))
    assert brightest(each).sum() == 2 * brightest(shared).sum() == 2 * 192 * 192


def test_a_figure_is_as_wide_as_its_words():
    drawn = figure(np.ones((1, 1, 1, 1)), title="frog, model with a long name" * 4)
    assert (drawn[:60, -20:] == 255).all()
    assert (drawn[:60, -60:] < 128).any()


@pytest.mark.parametrize(("blocks", "heads", "side"), [(12, 12, 14), (24, 16, 16), (6, 6, 14)])
def test_a_png_of_a_photograph_is_small(blocks, heads, side):
    rng = np.random.default_rng(0)
    waves = rng.normal(size=(224, 224, 3)).cumsum(0).cumsum(1)  # neighboring pixels are alike
    image = np.interp(waves, (waves.min(), waves.max()), (0, 255)).astype(np.uint8)
    image += rng.integers(0, 8, image.shape, dtype=np.uint8)
    maps = rng.random((blocks, heads, side, side)) ** 8
    pixels = heads_figure(maps, image, INFERNO, title="Title", query=(3, 3))
    png = as_png(pixels, 280_000)
    assert len(png) <= 300_000
    back = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert back.shape == pixels.shape
    assert np.abs(back.astype(int) - pixels).mean() < 10
