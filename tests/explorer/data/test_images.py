"""A test image at a position is the one that the sidebar lists."""

import numpy as np
import pytest

from explorer.data import images


@pytest.mark.parametrize("position", [0, 7, 123, 9999])
def test_a_sketch_is_where_the_sidebar_lists_it(position):
    label, index = images.class_and_index("sketch10", position)
    shown = images.chosen("sketch10", label, index)
    np.testing.assert_array_equal(images.at_positions("sketch10", [position])[0], shown.pixels)
    assert images.labels("sketch10")[position] == shown.label


def test_a_cifar10_image_is_where_the_sidebar_lists_it(cifar10_folder):
    for position in (0, 25, 9999):
        label, index = images.class_and_index("cifar10", position)
        shown = images.chosen("cifar10", label, index)
        np.testing.assert_array_equal(images.at_positions("cifar10", [position])[0], shown.pixels)


def test_no_positions_give_no_images():
    assert images.at_positions("sketch10", []).shape == (0, 32, 32, 3)
