"""Changes to training images, pixel by pixel."""

import math

import numpy as np
import pytest

from vitcore.training.augmentation import SHIFT, article, augment, crop_and_flip, cutmix


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (6, 12, 10, 3), np.uint8)


def mirrored(place, size):
    """d c b a | a b c d | d c b a"""
    while not 0 <= place < size:
        place = -1 - place if place < 0 else 2 * size - 1 - place
    return place


def slow_crop_and_flip(images, rng):
    count, height, width, _ = images.shape
    shifts = rng.integers(-SHIFT, SHIFT + 1, size=(2, count))
    flipped = rng.random(count) < 0.5
    result = np.zeros_like(images)
    for i in range(count):
        for y in range(height):
            for x in range(width):
                column = width - 1 - x if flipped[i] else x
                row = mirrored(y + shifts[0, i], height)
                result[i, y, x] = images[i, row, mirrored(column + shifts[1, i], width)]
    return result


def slow_article(images, rng):
    """Each pixel sent back through translation, zoom, rotation and flips, then read bilinearly."""
    count, height, width, _ = images.shape
    flips = np.where(rng.random((2, count)) < 0.5, -1, 1)
    turn = rng.uniform(-0.2, 0.2, count)  # of a full turn
    zoom = rng.uniform(0.2, 0.3, (2, count))  # out
    move = rng.uniform(-0.3, 0.3, (2, count))  # of the side
    result = np.zeros(images.shape)
    for i in range(count):
        angle = 2 * math.pi * turn[i]
        for row in range(height):
            for column in range(width):
                y, x = row - (height - 1) / 2, column - (width - 1) / 2
                y, x = y - move[0, i] * height, x - move[1, i] * width
                y, x = y * (1 + zoom[0, i]), x * (1 + zoom[1, i])
                y, x = (
                    math.cos(angle) * y - math.sin(angle) * x,
                    math.sin(angle) * y + math.cos(angle) * x,
                )
                y, x = flips[0, i] * y + (height - 1) / 2, flips[1, i] * x + (width - 1) / 2
                top, left = math.floor(y), math.floor(x)
                for below in (0, 1):
                    for beside in (0, 1):
                        share = abs(1 - below - (y - top)) * abs(1 - beside - (x - left))
                        place = mirrored(top + below, height), mirrored(left + beside, width)
                        result[i, row, column] += share * images[i][place]
    return result


def test_crop_and_flip_is_that_of_a_loop(images):
    np.testing.assert_array_equal(
        crop_and_flip(images, np.random.default_rng(3)),
        slow_crop_and_flip(images, np.random.default_rng(3)),
    )


def test_article_is_that_of_a_loop(images):
    told = article(images, np.random.default_rng(3))
    expected = slow_article(images, np.random.default_rng(3))
    assert told.dtype == np.uint8
    assert np.abs(told - expected).max() <= 0.5 + 0.01


def test_half_the_images_are_flipped_and_every_shift_occurs():
    # An image that says of each pixel where it came from.
    ramp = np.arange(32, dtype=np.uint8)
    image = np.stack([*np.meshgrid(ramp, ramp, indexing="ij"), np.zeros((32, 32))], -1)
    batch = np.repeat(image[None].astype(np.uint8), 2000, axis=0)
    changed = crop_and_flip(batch, np.random.default_rng(0)).astype(int)
    rows = changed[:, 16, 16, 0] - 16
    flipped = changed[:, 16, 15, 1] > changed[:, 16, 16, 1]
    assert flipped.mean() == pytest.approx(0.5, abs=0.04)
    assert set(rows) == set(range(-SHIFT, SHIFT + 1))
    columns = np.where(flipped, changed[:, 16, 16, 1] - 15, changed[:, 16, 16, 1] - 16)
    assert set(columns) == set(range(-SHIFT, SHIFT + 1))


@pytest.mark.parametrize("kind", ["crop-flip", "trivial", "article"])
def test_seed_decides_the_change(images, kind):
    first, again, other = (augment(images, np.random.default_rng(seed), kind) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == images.shape


@pytest.mark.parametrize("kind", ["crop-flip", "article"])
def test_image_of_one_colour_stays_as_it_is(kind, rng):
    grey = np.full((3, 32, 32, 3), 77, np.uint8)
    np.testing.assert_array_equal(augment(grey, rng, kind), grey)


def test_no_augmentation_changes_nothing(images, rng):
    assert augment(images, rng, "none") is images


def test_images_given_are_not_changed(images, rng):
    before = images.copy()
    for kind in ("crop-flip", "trivial", "article"):
        augment(images, rng, kind)
    np.testing.assert_array_equal(images, before)


def slow_cutmix(images, labels, rng, share, classes):
    count, height, width, _ = images.shape
    other, area, chosen = rng.permutation(count), rng.random(count), rng.random(count) < share
    centre = rng.random((2, count))
    result, shares = images.copy(), np.zeros((count, classes))
    for i in range(count):
        half = math.sqrt(area[i]) / 2 if chosen[i] else 0
        pasted = 0
        for y in range(height):
            for x in range(width):
                inside = True
                for place, size, middle in ((y, height, centre[0, i]), (x, width, centre[1, i])):
                    first = round(max(0, middle - half) * size)
                    inside &= first <= place < round(min(1, middle + half) * size)
                if inside:
                    result[i, y, x] = images[other[i], y, x]
                    pasted += 1
        shares[i, labels[i]] += 1 - pasted / (height * width)
        shares[i, labels[other[i]]] += pasted / (height * width)
    return result, shares


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_cutmix_pastes_a_box_of_another_image_and_its_class(rng, share):
    images = rng.integers(0, 256, (40, 12, 10, 3), np.uint8)
    labels = rng.integers(0, 10, 40)
    mixed, shares = cutmix(images, labels, np.random.default_rng(5), share, 10)
    slowly = slow_cutmix(images, labels, np.random.default_rng(5), share, 10)
    np.testing.assert_array_equal(mixed, slowly[0])
    np.testing.assert_allclose(shares, slowly[1], atol=1e-6)
    changed = (mixed != images).any(axis=(1, 2, 3)).mean()
    assert abs(changed - share) < 0.25
