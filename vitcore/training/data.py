"""The images of a run: which are trained on, which are held back, and each step's batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitcore import patches
from vitcore.config import CLASS_NAMES, TrainConfig
from vitcore.datasets.cifar10 import cifar10
from vitcore.datasets.sketch10 import sketch
from vitcore.training import augmentation
from vitcore.training.rng import (
    AUGMENTATION,
    CUTMIX,
    ORDER,
    SKETCHES,
    SPLIT,
    generator,
    sample_patch_size,
)

# Seeds of sketch10: 0 is what the app shows and what evaluation counts; training never sees it.
TRAIN_SEED, VALIDATION_SEED = 1, 2


class LazySketches:
    """Drawn images by number, each drawn once, when it is first asked for."""

    def __init__(self, count: int, seed: int) -> None:
        self._seed = seed
        self._images = np.zeros((count, 32, 32, 3), np.uint8)
        self._drawn = np.zeros(count, bool)
        self.labels = (np.arange(count) % 10).astype(np.uint8)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        numbers = np.arange(len(self))[rows]
        for number in numbers[~self._drawn[numbers]]:
            self._images[number] = sketch(int(number), self._seed)[0]
            self._drawn[number] = True
        return self._images[numbers]


@dataclass(frozen=True)
class Batch:
    """What one step trains on."""

    images: np.ndarray  # (B, G*P, G*P, 3) uint8, augmented and resized for P
    labels: np.ndarray  # (B,) int32, or (B, C) float32 shares where images are mixed
    patch_size: int


class TrainingData:
    """A run's images.

    Args:
        config: the run's.
        patch_size: the model's own, where the config draws none.
        data_dir: where to look for CIFAR-10 first.

    Raises:
        FileNotFoundError: if CIFAR-10 is wanted and not on this machine.
    """

    def __init__(
        self, config: TrainConfig, patch_size: int, data_dir: str | Path | None = None
    ) -> None:
        self.config = config
        self.patch_size = patch_size
        self._images: np.ndarray | LazySketches
        self._validation: tuple[np.ndarray | LazySketches, np.ndarray, np.ndarray]
        if config.data == "cifar10":
            images, labels = cifar10("train", data_dir=data_dir)
            kept, held_back = split(labels, config)
            self._images, self._rows = images, kept
            self._labels = labels
            self._validation = images, labels, held_back
        else:
            train = LazySketches(config.num_sketches, TRAIN_SEED)
            held = LazySketches(
                max(10, round(config.num_sketches * config.validation_split)), VALIDATION_SEED
            )
            self._images, self._labels, self._rows = train, train.labels, np.arange(len(train))
            self._validation = held, held.labels, np.arange(len(held))
        self._sketches = (
            LazySketches(config.num_sketches, TRAIN_SEED) if config.sketch_fraction else None
        )
        self._order: tuple[int, np.ndarray] = (-1, self._rows)

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in one pass; what is left over is dropped, as shapes are fixed."""
        return max(1, len(self._rows) // self.config.batch_size)

    def batch(self, step: int, steps: int) -> Batch:
        """What step number `step` of `steps`, from 0, trains on: a pure function of the seed."""
        config = self.config
        size = sample_patch_size(config, step, steps) or self.patch_size
        epoch, turn = divmod(step, self.steps_per_epoch)
        kept, order = self._order  # read once: batches may be drawn in several threads
        if kept != epoch:
            order = generator(config.seed, ORDER, epoch).permutation(self._rows)
            self._order = epoch, order
        count = config.batch_size
        rows = order[turn * count : (turn + 1) * count]
        rows = rows[: self.batch_size(size)]
        # Sorted, so that a memory-mapped file is read forwards.
        rows = np.sort(rows)
        images, labels = self._images[rows], self._labels[rows].astype(np.int32)
        if self._sketches is not None:
            rng = generator(config.seed, SKETCHES, step)
            drawn = rng.integers(
                len(self._sketches), size=round(len(rows) * config.sketch_fraction)
            )
            places = rng.permutation(len(rows))[: len(drawn)]
            images, labels = np.array(images), np.array(labels)
            images[places], labels[places] = self._sketches[drawn], self._sketches.labels[drawn]
        rng = generator(config.seed, AUGMENTATION, step)
        images = augmentation.augment(images, rng, config.augmentation)
        if config.cutmix:
            rng = generator(config.seed, CUTMIX, step)
            images, labels = augmentation.cutmix(
                images, labels, rng, config.cutmix, len(CLASS_NAMES)
            )
        return Batch(patches.model_input(images, size), labels, size)

    def batch_size(self, patch_size: int) -> int:
        """How many images the steps at one patch size take."""
        return min(self.config.batch_at(patch_size), len(self._rows))

    def empty(self, patch_size: int) -> Batch:
        """A batch of the shapes and types that the steps at one patch size take."""
        side, count = patches.grid_side(patch_size) * patch_size, self.batch_size(patch_size)
        mixed = self.config.cutmix > 0
        labels = np.zeros((count, len(CLASS_NAMES)), "f4") if mixed else np.zeros(count, np.int32)
        return Batch(np.zeros((count, side, side, 3), np.uint8), labels, patch_size)

    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """The images held back: uint8 (N, 32, 32, 3) and labels (N,)."""
        images, labels, rows = self._validation
        return images[rows], np.asarray(labels)[rows]


def split(labels: np.ndarray, config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows held back, each class in the same share; both sorted."""
    rng = generator(config.seed, SPLIT)
    kept, held_back = [], []
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        count = max(1, round(len(rows) * config.validation_split))
        held_back.append(rows[:count])
        kept.append(rows[count:])
    return np.sort(np.concatenate(kept)), np.sort(np.concatenate(held_back))
