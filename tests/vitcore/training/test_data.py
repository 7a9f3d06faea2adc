"""Which images a run sees, and which it never sees."""

import numpy as np
import pytest

from vitcore import patches, sketch10
from vitcore.config import TrainConfig
from vitcore.training import data
from vitcore.training.data import LazySketches, TrainingData, split


@pytest.fixture
def labels(rng):
    return rng.permutation(np.repeat(np.arange(10), 50)).astype(np.uint8)


def test_split_is_whole_and_disjoint(labels):
    kept, held_back = split(labels, TrainConfig(validation_split=0.2))
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, held_back])), np.arange(500))


def test_split_holds_back_the_same_share_of_each_class(labels):
    _, held_back = split(labels, TrainConfig(validation_split=0.2))
    np.testing.assert_array_equal(np.bincount(labels[held_back]), [10] * 10)


def test_split_holds_back_at_least_one_of_each_class(labels):
    _, held_back = split(labels, TrainConfig(validation_split=0.001))
    np.testing.assert_array_equal(np.bincount(labels[held_back]), [1] * 10)


def test_split_follows_the_seed(labels):
    first, again, other = (split(labels, TrainConfig(seed=seed))[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sketches_are_those_of_the_data_set_in_any_order():
    sketches = LazySketches(20, seed=1)
    images, labels, _ = sketch10(20, seed=1)
    rows = np.array([7, 3, 7, 19])
    np.testing.assert_array_equal(sketches[rows], images[rows])
    np.testing.assert_array_equal(sketches[5:8], images[5:8])
    np.testing.assert_array_equal(sketches.labels, labels)


def test_training_sees_no_image_that_is_shown_or_counted():
    assert len({0, data.TRAIN_SEED, data.VALIDATION_SEED}) == 3


@pytest.fixture
def small():
    """A run on a few sketches, its images unchanged."""
    return TrainConfig(
        data="sketch10", batch_size=4, num_sketches=14, augmentation="none", validation_split=0.1
    )


def test_epoch_shows_each_image_once_and_drops_what_is_left_over(small):
    images = TrainingData(small, 4)
    assert images.steps_per_epoch == 3
    drawn = LazySketches(14, data.TRAIN_SEED)[:]
    seen = []
    for step in range(3):
        for image, label in zip(*batch_of(images, step), strict=True):
            places = np.flatnonzero((drawn == image).all(axis=(1, 2, 3)))
            assert label == places[0] % 10
            seen.append(int(places[0]))
    assert len(set(seen)) == 12


def batch_of(images, step, steps=100):
    batch = images.batch(step, steps)
    return batch.images, batch.labels


def test_epochs_have_orders_of_their_own(small):
    images = TrainingData(small, 4)
    first = np.concatenate([batch_of(images, step)[1] for step in range(3)])
    second = np.concatenate([batch_of(images, step)[1] for step in range(3, 6)])
    assert not np.array_equal(first, second)


def test_batch_depends_on_the_seed_and_the_step_alone(small):
    config = small.replace(augmentation="crop-flip", patch_sizes=(4, 8, 16), sketch_fraction=0.5)
    forwards = [TrainingData(config, 4).batch(step, 9) for step in range(9)]
    images = TrainingData(config, 4)
    for step in (8, 0, 5, 5, 2):
        batch = images.batch(step, 9)
        assert batch.patch_size == forwards[step].patch_size
        np.testing.assert_array_equal(batch.images, forwards[step].images)
        np.testing.assert_array_equal(batch.labels, forwards[step].labels)
    other = TrainingData(config.replace(seed=1), 4).batch(0, 9)
    assert not np.array_equal(other.images, forwards[0].images)


def test_images_are_resized_for_the_patch_size_of_the_step(small):
    config = small.replace(patch_sizes=(5,))
    batch = TrainingData(config, 4).batch(0, 9)
    plain = TrainingData(small, 4).batch(0, 9)
    assert batch.patch_size == 5
    np.testing.assert_array_equal(batch.images, patches.model_input(plain.images, 5))
    assert batch.labels.dtype == np.int32


def test_fine_patches_see_fewer_images_within_the_token_budget(small):
    def count(size, budget):
        config = small.replace(patch_sizes=(size,), max_tokens=budget)
        return len(TrainingData(config, 4).batch(0, 9).labels)

    assert count(16, 16) == 4  # 4 tokens each
    assert count(8, 33) == 2  # 16 tokens each
    assert count(2, 33) == 1  # 256 tokens each: never none


def test_share_of_each_batch_comes_from_sketches(monkeypatch, small):
    grey = np.full((40, 32, 32, 3), 99, np.uint8)
    answer = grey, np.repeat(np.arange(10), 4).astype(np.uint8)
    monkeypatch.setattr(data, "cifar10", lambda split, data_dir=None: answer)
    config = small.replace(data="cifar10", batch_size=8, sketch_fraction=0.25, validation_split=0.1)
    images = TrainingData(config, 4)
    for step in range(4):
        batch = images.batch(step, 9)
        drawn = ~(batch.images == 99).all(axis=(1, 2, 3))
        assert drawn.sum() == 2
    assert (grey == 99).all()  # a memory-mapped file could not be written to


def test_cifar10_is_split_from_its_training_images(monkeypatch, small):
    images = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((32, 32, 3), np.uint8)
    labels = np.repeat(np.arange(10), 4).astype(np.uint8)
    asked = []

    def cifar10(split, data_dir=None):
        asked.append((split, data_dir))
        return images, labels

    monkeypatch.setattr(data, "cifar10", cifar10)
    images = TrainingData(small.replace(data="cifar10", validation_split=0.25), 4, data_dir="there")
    held_back, held_labels = images.validation()
    np.testing.assert_array_equal(np.sort(held_labels), np.arange(10))
    trained_on = {int(p[0, 0, 0]) for step in range(7) for p in batch_of(images, step)[0]}
    assert trained_on.isdisjoint({int(p[0, 0, 0]) for p in held_back})
    assert asked == [("train", "there")]


def test_validation_sketches_are_drawn_from_their_own_seed(small):
    held_back, labels = TrainingData(small, 4).validation()
    images, expected, _ = sketch10(10, seed=data.VALIDATION_SEED)
    np.testing.assert_array_equal(held_back, images)
    np.testing.assert_array_equal(labels, expected)


def test_batch_larger_than_the_data_takes_all_there_is(small):
    images = TrainingData(small.replace(batch_size=100), 4)
    assert images.steps_per_epoch == 1
    assert len(images.batch(3, 9).labels) == 14


@pytest.mark.parametrize("cutmix", [0.0, 0.5])
@pytest.mark.parametrize("budget", [0, 40])
def test_what_a_step_takes_is_known_before_a_batch_is_drawn(small, cutmix, budget):
    config = small.replace(
        patch_sizes=(5, 8, 16), cutmix=cutmix, max_tokens=budget, num_sketches=60, batch_size=12
    )
    images, seen = TrainingData(config, 4), set()
    for step in range(12):
        batch = images.batch(step, 12)
        empty = images.empty(batch.patch_size)
        assert batch.images.shape == empty.images.shape
        assert batch.labels.shape == empty.labels.shape
        assert (batch.images.dtype, batch.labels.dtype) == (np.uint8, empty.labels.dtype)
        assert len(batch.labels) == images.batch_size(batch.patch_size)
        seen.add((batch.patch_size, len(batch.labels)))
    assert seen == ({(5, 1), (8, 2), (16, 10)} if budget else {(5, 12), (8, 12), (16, 12)})


def test_mixed_images_bring_how_much_of_each_class_they_are(small):
    whole = TrainingData(small.replace(batch_size=12), 4).batch(0, 3)
    mixed = TrainingData(small.replace(batch_size=12, cutmix=1.0), 4).batch(0, 3)
    assert mixed.labels.dtype == np.float32
    np.testing.assert_allclose(mixed.labels.sum(axis=1), 1, rtol=1e-6)
    assert (mixed.labels[np.arange(12), whole.labels] > 0).all()  # the same images, in order
    assert 0 < (mixed.images != whole.images).mean() < 0.9
