"""The pictures that models are tested on are those of the sidebar."""

import numpy as np
import pytest

from explorer.data import images, test_images


@pytest.mark.parametrize("number", [0, 7, 123, 9999])
def test_a_sketch_is_where_the_sidebar_lists_it(number):
    label, index = test_images.place("sketch10", number)
    shown = images.chosen("sketch10", label, index)
    np.testing.assert_array_equal(test_images.images("sketch10", [number])[0], shown.pixels)
    assert test_images.labels("sketch10")[number] == shown.truth


def test_a_photograph_is_where_the_sidebar_lists_it(cifar10_folder):
    for number in (0, 25, 9999):
        label, index = test_images.place("cifar10", number)
        shown = images.chosen("cifar10", label, index)
        np.testing.assert_array_equal(test_images.images("cifar10", [number])[0], shown.pixels)


def test_no_pictures_are_no_pictures():
    assert test_images.images("sketch10", []).shape == (0, 32, 32, 3)
