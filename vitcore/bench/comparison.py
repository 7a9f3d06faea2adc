"""Small models trained alike, to compare what the article only names: encodings, pooling, data.

    python -m vitcore.bench.comparison FILE [SEED ...]

Every run takes the same number of steps of the same batches; FILE (JSON) keeps each that is done,
so that the command goes on where it was stopped.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

STEPS, BATCH, PEAK = 900, 128, 1.5e-3
SMALL: dict[str, Any] = {
    "patch_size": 8,
    "patch_embed_size": 8,
    "pos_embed_grid": 4,
    "width": 64,
    "depth": 6,
    "num_heads": 4,
    "mlp_dim": 128,
}
RUNS: dict[str, dict[str, Any]] = {
    "learned": {"positions": "learned"},
    "sincos2d": {"positions": "sincos2d"},
    "sincos1d": {"positions": "sincos1d"},
    "none": {"positions": "none"},
    "class-token": {"positions": "learned", "pooling": "class"},
    "cnn": {"network": "cnn"},
    "vit-10%": {"positions": "learned", "fraction": 0.1},
    "cnn-10%": {"network": "cnn", "fraction": 0.1},
    "vit-1%": {"positions": "learned", "fraction": 0.01},
    "cnn-1%": {"network": "cnn", "fraction": 0.01},
}


def cnn() -> Any:
    """A convolutional network of as many parameters as the ViT: 3 x 3 kernels, three resolutions.

    After Springenberg et al. 2015, https://arxiv.org/abs/1412.6806, with batch normalization.
    """
    from keras import Sequential, layers

    def unit(channels: int, strides: int) -> list[Any]:
        convolution = layers.Conv2D(channels, 3, strides, padding="same", use_bias=False)
        return [convolution, layers.BatchNormalization(), layers.ReLU()]

    units = [(32, 2), (64, 1), (64, 2), (96, 1), (96, 2)]
    return Sequential(
        [layers.Input((32, 32, 3)), layers.Rescaling(1 / 127.5, -1)]
        + [layer for one in units for layer in unit(*one)]
        + [layers.GlobalAveragePooling2D(), layers.Dense(10)]
    )


def network(run: dict[str, Any], seed: int) -> Any:
    """The model of a run, with weights drawn."""
    if run.get("network") == "cnn":
        return cnn()
    import vitcore

    chosen = {name: run[name] for name in ("positions", "pooling") if name in run}
    return vitcore.build(vitcore.ViTConfig(**SMALL, **chosen), seed=seed)


def train(name: str, seed: int) -> dict[str, Any]:
    """Train one model and count its test set.

    Args:
        name: of `RUNS`.
        seed: of weights, order and augmentation.
    """
    import keras
    import tensorflow as tf

    from vitcore.datasets.cifar10 import cifar10
    from vitcore.training.augmentation import augment

    run = RUNS[name]
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    images, labels = cifar10("train")
    rows = part(labels, run.get("fraction", 1.0))
    model = network(run, seed)
    model(images[:1])
    rate = keras.optimizers.schedules.CosineDecay(0.0, STEPS, warmup_target=PEAK, warmup_steps=60)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.05)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(batch: Any, truth: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(truth, model(batch, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    begun, order, losses = time.perf_counter(), np.zeros(0, int), []
    for _ in range(STEPS):
        while len(order) < BATCH:
            order = np.concatenate([order, rng.permutation(rows)])
        chosen, order = order[:BATCH], order[BATCH:]
        batch = augment(images[chosen], rng, "crop-flip")
        losses.append(float(step(tf.constant(batch), tf.constant(labels[chosen], tf.int32))))
    seconds = time.perf_counter() - begun
    return {
        "name": name,
        "seed": seed,
        "images": len(rows),
        "parameters": int(model.count_params()),
        "loss": float(np.mean(losses[-50:])),
        "train_accuracy": accuracy(model, images[rows[:2_000]], labels[rows[:2_000]]),
        "test_accuracy": accuracy(model, *cifar10("test")),
        "seconds": round(seconds, 1),
    }


def part(labels: np.ndarray, fraction: float) -> np.ndarray:
    """The first images of each class, in the order of the dataset: rows (n,)."""
    each = round(fraction * len(labels) / 10)
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:each] for label in range(10)]))


def accuracy(model: Any, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images whose most probable class is their label."""
    parts = range(0, len(images), 500)
    said = [np.asarray(model(images[at : at + 500])).argmax(-1) for at in parts]
    return float((np.concatenate(said) == labels).mean())


def main(file: Path, seeds: list[int]) -> None:
    """Train what is not in the file yet, one after another."""
    known = json.loads(file.read_text()) if file.exists() else {"runs": []}
    known |= {"steps": STEPS, "batch_size": BATCH, "model": SMALL}
    known["machine"] = f"{platform.machine()}, {os.cpu_count()} CPU cores"
    done = {(run["name"], run["seed"]) for run in known["runs"]}
    for seed in seeds:
        for name in RUNS:
            if (name, seed) not in done:
                known["runs"].append(train(name, seed))
                file.write_text(json.dumps(known, indent=1) + "\n")
                print(known["runs"][-1], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]] or [0])
