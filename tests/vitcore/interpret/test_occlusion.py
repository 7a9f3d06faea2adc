"""Erased patches, pixel by pixel, and what the map says of them."""

import numpy as np
import pytest

from vitcore import Intervention
from vitcore.interpret.occlusion import erase, occlusion_map, windows


@pytest.mark.parametrize("grid", [(4, 4), (2, 3), (1, 1)])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_window_covers_the_patches_around_one(grid, size):
    if size > max(grid):
        pytest.skip("larger than the grid")
    told = windows(grid, size)
    rows, columns = grid
    before, after = (size - 1) // 2, size // 2
    for n in range(rows * columns):
        for m in range(rows * columns):
            down, across = m // columns - n // columns, m % columns - n % columns
            inside = -before <= down <= after and -before <= across <= after
            assert told[n, m] == inside


def test_erasing_is_what_an_intervention_does(rng):
    image = rng.integers(0, 256, (8, 12, 3), np.uint8)
    sets = rng.random((5, 6)) < 0.5
    told = erase(image, sets, 4)
    for one, erased in zip(told, sets, strict=True):
        change = Intervention(patches=dict.fromkeys(np.flatnonzero(erased)))
        np.testing.assert_array_equal(one, change.on_images(image[None], 4)[0])
    assert told.dtype == np.uint8


def test_occlusion_is_how_far_a_class_falls():
    before = np.log([0.5, 0.25, 0.25])
    after = np.log([[0.25, 0.5, 0.25], [0.75, 0.125, 0.125]])
    told = occlusion_map(before, after, (1, 2), class_index=0, of="probability")
    np.testing.assert_allclose(told, [[0.25, -0.25]])
    told = occlusion_map(before, after, (2, 1), class_index=0, of="logit")
    np.testing.assert_allclose(told, [[np.log(2)], [-np.log(1.5)]], rtol=1e-6)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: windows((2, 3), 4), r"1 to 3 \(patches per side\), got 4"),
        (lambda: windows((2, 3), 0), r"1 to 3 \(patches per side\), got 0"),
        (lambda: erase(np.zeros((8, 8, 3), np.uint8), np.ones((1, 3)), 4), r"2\*2\), got \(1, 3\)"),
        (
            lambda: occlusion_map(np.ones(2), np.ones((1, 2)), (1, 1), class_index=0, of="loss"),
            "got 'loss'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
