"""The pictures that models are tested on are those of the sidebar."""

import numpy as np
import pytest

from explorer import pictures
from explorer.evaluation import tested_pictures


@pytest.mark.parametrize("number", [0, 7, 123, 9999])
def test_a_sketch_is_where_the_sidebar_lists_it(number):
    label, index = tested_pictures.place("sketch10", number)
    shown = pictures.chosen("sketch10", label, index)
    np.testing.assert_array_equal(tested_pictures.images("sketch10", [number])[0], shown.pixels)
    assert tested_pictures.labels("sketch10")[number] == shown.truth


def test_a_photograph_is_where_the_sidebar_lists_it(cifar10_folder):
    for number in (0, 25, 9999):
        label, index = tested_pictures.place("cifar10", number)
        shown = pictures.chosen("cifar10", label, index)
        np.testing.assert_array_equal(tested_pictures.images("cifar10", [number])[0], shown.pixels)


def test_no_pictures_are_no_pictures():
    assert tested_pictures.images("sketch10", []).shape == (0, 32, 32, 3)
