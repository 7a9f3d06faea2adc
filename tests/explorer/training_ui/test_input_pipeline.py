"""The input pipeline on the Train page: what it shows is what a training would see."""

import numpy as np
import pytest

from explorer.training_ui.input_pipeline import SAMPLES, augmented, batch_seconds
from vitcore.training.augmentation import SHIFT


def test_augmented_images_are_shifts_and_flips_of_the_image(rng):
    pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
    padded = np.pad(pixels, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), "symmetric")
    flipped = np.pad(pixels[:, ::-1], ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), "symmetric")
    steps = range(2 * SHIFT + 1)
    possible = {
        whole[y : y + 32, x : x + 32].tobytes()
        for whole in (padded, flipped)
        for y in steps
        for x in steps
    }
    shown = augmented(pixels, "crop-flip", seed=3)
    assert shown.shape == (SAMPLES, 32, 32, 3)
    assert {one.tobytes() for one in shown} <= possible
    assert len({one.tobytes() for one in shown}) > 1


def test_without_augmentation_every_version_is_the_image(rng):
    pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
    assert (augmented(pixels, "none", seed=0) == pixels).all()


@pytest.mark.parametrize("kind", ["crop-flip", "trivial", "article", "none"])
def test_every_part_of_a_batch_is_timed(kind):
    seconds = batch_seconds(kind, 5, 16)
    assert list(seconds) == ["batch", "augment", "resize"]
    assert min(seconds.values()) > 0
