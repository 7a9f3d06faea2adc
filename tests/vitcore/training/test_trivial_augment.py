"""Each kind of change against plain NumPy, and how the kinds are drawn."""

import numpy as np
import pytest
from PIL import Image

from vitcore.training.augmentation import CHANGES, augment, crop_and_flip, trivial_augment

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, what Pillow calls grey
OF_STRENGTH_0 = [name for name in CHANGES if name not in ("autocontrast", "equalise")]
STRENGTHS = [-1, -0.5, 0.2, 1]


@pytest.fixture
def image(rng):
    return rng.integers(20, 230, (32, 32, 3), np.uint8)


def changed(name, image, strength):
    return np.asarray(CHANGES[name](Image.fromarray(image), strength)).astype(int)


@pytest.mark.parametrize("name", OF_STRENGTH_0)
def test_no_strength_is_no_change(name, image):
    np.testing.assert_array_equal(changed(name, image, 0.0), image)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_colours_go_towards_their_grey_or_away_from_it(image, strength):
    factor, values = 1 + 0.9 * strength, image.astype(float)
    grey = (values @ LUMA)[..., None]
    references = {"brightness": 0 * values, "colour": grey, "contrast": grey.mean() + 0 * values}
    for name, reference in references.items():
        expected = np.clip(reference + factor * (values - reference), 0, 255)
        assert np.abs(changed(name, image, strength) - expected).max() <= 2, name


@pytest.mark.parametrize("strength", STRENGTHS)
def test_solarise_inverts_what_is_bright_and_posterise_keeps_the_highest_bits(image, strength):
    values = image.astype(int)
    bright = values >= round(256 * (1 - abs(strength)))
    expected = np.where(bright, 255 - values, values)
    np.testing.assert_array_equal(changed("solarise", image, strength), expected)
    step = 2 ** round(4 * abs(strength))
    expected = values // step * step
    np.testing.assert_array_equal(changed("posterise", image, strength), expected)


def test_autocontrast_stretches_each_colour_over_all_values(image):
    values = image.astype(float)
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    expected = (values - low) * 255 / (high - low)
    assert np.abs(changed("autocontrast", image, 1.0) - expected).max() <= 1


def test_equalise_spreads_values_over_the_whole_range_in_their_order(image):
    dark = (image // 8).astype(np.uint8)  # 2 to 28
    after = changed("equalise", dark, 1.0)
    for colour in range(3):
        assert after[..., colour].max() > 240
        order = np.argsort(dark[..., colour], axis=None)
        assert (np.diff(after[..., colour].reshape(-1)[order]) >= 0).all()
        assert after[..., colour].std() == pytest.approx(256 / 12**0.5, rel=0.2)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_move_by_whole_pixels_is_a_slice(image, sign):
    rows = changed("move along columns", image, sign)
    columns = changed("move along rows", image, sign)
    inside, from_there = (
        (slice(0, 21), slice(10, 31)) if sign > 0 else (slice(11, 32), slice(1, 22))
    )
    np.testing.assert_array_equal(rows[inside], image[from_there])
    np.testing.assert_array_equal(columns[:, inside], image[:, from_there])
    outside = slice(23, 32) if sign > 0 else slice(0, 9)
    assert (rows[outside] == [125, 123, 114]).all()


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("name", ["rotate", "shear along rows", "shear along columns"])
def test_a_turned_or_sheared_ramp_is_read_where_its_map_says(name, strength):
    """Values that grow evenly along rows and columns: bilinear reading of them is exact."""
    places = np.arange(32)
    ramp = np.stack([*np.meshgrid(3 * places, 3 * places, indexing="ij"), np.zeros((32, 32))], -1)
    after = changed(name, (ramp + 80).astype(np.uint8), strength)
    y, x = np.meshgrid(places - 15.5, places - 15.5, indexing="ij")
    turn = np.deg2rad(30 * strength)
    read = {
        "rotate": (np.cos(turn) * y + np.sin(turn) * x, np.cos(turn) * x - np.sin(turn) * y),
        "shear along rows": (y, x + 0.3 * strength * y),
        "shear along columns": (y + 0.3 * strength * x, x),
    }[name]
    inside = (np.abs(read[0]) < 14) & (np.abs(read[1]) < 14)
    for colour in (0, 1):
        expected = 80 + 3 * (read[colour] + 15.5)
        assert np.abs(after[..., colour] - expected)[inside].max() <= 1.5


def test_every_kind_is_drawn_about_as_often(monkeypatch):
    drawn = dict.fromkeys(CHANGES, 0)

    def counting(name):
        def change(image, strength):
            drawn[name] += 1
            assert -1 <= strength <= 1
            return image

        return change

    for name in CHANGES:
        monkeypatch.setitem(CHANGES, name, counting(name))
    trivial_augment(np.zeros((2800, 2, 2, 3), np.uint8), np.random.default_rng(0))
    assert min(drawn.values()) > 140
    assert max(drawn.values()) < 260


def test_a_batch_is_shifted_and_flipped_first(rng):
    images = rng.integers(0, 256, (40, 32, 32, 3), np.uint8)
    told = augment(images, np.random.default_rng(5), "trivial")
    moved = crop_and_flip(images, np.random.default_rng(5))
    same = (told == moved).all(axis=(1, 2, 3))
    assert 1 <= same.sum() < 20  # those that drew no change
    assert not np.array_equal(images[same], told[same])
