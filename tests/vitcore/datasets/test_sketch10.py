"""sketch10 is the same everywhere, honest about its masks, and can be learnt."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from vitcore.config import CLASS_NAMES
from vitcore.datasets import sketch, sketch10
from vitcore.datasets.sketch10 import SHAPES
from vitcore.datasets.sketch_scenes import SCENES, scene


@pytest.fixture(scope="module")
def images():
    return sketch10(600)


def test_there_is_a_drawing_for_each_class_and_a_scene_for_each_drawing():
    assert len(SHAPES) == len(CLASS_NAMES)
    assert {name for shapes in SHAPES for one in shapes for name in one.scenes} <= set(SCENES)


def test_shapes_types_and_labels(images):
    images, labels, masks = images
    assert (images.shape, images.dtype) == ((600, 32, 32, 3), np.uint8)
    assert (masks.shape, masks.dtype) == ((600, 32, 32), bool)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, np.arange(600) % 10)


def test_an_image_depends_on_seed_and_index_only(images):
    images, labels, masks = images
    later = sketch10(5, start=123)
    for ours, theirs in zip((images, labels, masks), later, strict=True):
        np.testing.assert_array_equal(ours[123:128], theirs)
    image, label, mask = sketch(127)
    np.testing.assert_array_equal(image, images[127])
    np.testing.assert_array_equal(mask, masks[127])
    assert label == 7


def test_another_process_draws_the_same():
    code = (
        "import hashlib; from vitcore.datasets import sketch10;"
        "print(hashlib.sha256(b''.join(a.tobytes() for a in sketch10(30, seed=5))).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    ours = hashlib.sha256(b"".join(a.tobytes() for a in sketch10(30, seed=5))).hexdigest()
    assert ours == other


def test_no_two_images_and_no_two_seeds_are_alike(images):
    images = np.concatenate([images[0], sketch10(100, seed=1)[0]])
    assert len({image.tobytes() for image in images}) == len(images)


def test_the_object_is_never_a_speck_nor_the_whole_image(images):
    share = images[2].mean(axis=(1, 2))
    assert share.min() > 0.05
    assert share.max() < 0.85


def test_the_mask_is_where_the_object_is_drawn(monkeypatch):
    """Draw the same image over two other backgrounds: what stays the same is the object."""
    module = sys.modules["vitcore.datasets.sketch10"]
    monkeypatch.setattr(module, "_OCCLUDED", 0)
    monkeypatch.setattr(module, "_LEAST_CONTRAST", 0)
    monkeypatch.setattr(module, "_photograph", lambda rng, image: image)
    drawn = []
    for tone in (0.0, 200.0):
        plain = np.full((32, 32, 3), tone)
        monkeypatch.setattr(module, "scene", lambda rng, kind, plain=plain: plain.copy())
        drawn.append([sketch(index) for index in range(60)])
    for (dark, _, mask), (light, _, same) in zip(*drawn, strict=True):
        np.testing.assert_array_equal(mask, same)
        through = np.abs(light - dark).max(axis=2) / 200
        assert through[mask].max() <= 0.5  # at least half of each masked pixel is object
        assert through[~mask].min() > 0.25  # a shadow may darken the rest


def test_what_stands_in_front_is_not_the_object(monkeypatch):
    module = sys.modules["vitcore.datasets.sketch10"]
    masks = []
    for share in (0, 1):
        monkeypatch.setattr(module, "_OCCLUDED", share)
        masks.append(sketch10(100)[2])
    free, occluded = masks
    assert not (occluded & ~free).any()
    left = occluded.sum(axis=(1, 2)) / free.sum(axis=(1, 2))
    assert 0.5 < left.min() < 0.9
    assert (left < 1).mean() > 0.4


@pytest.mark.parametrize("kind", SCENES)
def test_scenes_have_an_image_s_shape_and_range(kind):
    for seed in range(10):
        drawn = scene(np.random.default_rng(seed), kind)
        assert drawn.shape == (32, 32, 3)
        assert np.isfinite(drawn).all()
        assert 0 < np.clip(drawn, 0, 255).mean() < 255


def nearest_class_share(known, labels, asked, right):
    """How often the nearest known image, by the obvious distance, has the right class."""
    known, asked = (a.reshape(len(a), -1).astype(np.float32) for a in (known, asked))
    distances = [((known - one) ** 2).sum(axis=1) for one in asked]
    return np.mean(labels[np.argmin(distances, axis=1)] == right)


def corner_colours(images, masks):
    """The mean background colour of each corner, which sees no outline."""
    images = np.where(masks[..., None], 128, images)
    corners = [images[:, y : y + 6, x : x + 6] for y in (0, 26) for x in (0, 26)]
    return np.stack([corner.mean(axis=(1, 2)) for corner in corners], axis=1)


def test_outlines_tell_the_class_and_backgrounds_hardly(images):
    images, labels, masks = images
    others, right, other_masks = sketch10(100, seed=1)
    known, asked = corner_colours(images, masks), corner_colours(others, other_masks)
    assert nearest_class_share(masks, labels, other_masks, right) > 0.4
    assert nearest_class_share(known, labels, asked, right) < 0.3


@pytest.mark.parametrize(
    "arguments", [{"count": -1}, {"count": 1, "start": -1}, {"count": 1, "seed": -2}]
)
def test_negative_numbers_are_refused(arguments):
    with pytest.raises(ValueError, match=r">= 0, got .*-"):
        sketch10(**arguments)


def test_one_negative_image_is_refused():
    with pytest.raises(ValueError, match="got -1 and 0"):
        sketch(-1)


def test_none_is_fine():
    images, labels, masks = sketch10(0)
    assert len(images) == len(labels) == len(masks) == 0
