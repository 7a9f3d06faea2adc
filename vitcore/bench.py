"""How fast tracing and training are, beside what this machine can do and what others offer."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from vitcore import backend, checkpoints
from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, ViTConfig
from vitcore.initialisation import weight_shapes
from vitcore.model import build, load
from vitcore.tracing import trace
from vitcore.training.step import Trainer

TRACED = "flexi-cifar10"
BATCH = 128
_SIDE = 2048  # of the matrices whose product is taken as this machine's best


def measure(rounds: int = 5, notice: Callable[[str, float], None] = lambda *_: None) -> dict:
    """Measure everything in one process, turn by turn, so that all meet the same machine.

    Args:
        rounds: repetitions of each; the table shows their median and range.
        notice: called with what is being measured and the share done, 0 to 1.

    Returns:
        "machine", in words, and "rows": what, median, least, most (milliseconds), ratio, of_what.
    """
    load_average = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    machine = (
        f"{os.cpu_count()} cores ({platform.machine()}), load average {load_average} at the "
        f"start, Keras {keras.__version__} on {backend.check()}"
    )
    name = TRACED if TRACED in checkpoints.bundled() else "flexi, untrained"
    model = load(TRACED) if name == TRACED else build(PRESETS["flexi"])
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    rows = []
    for place, size in enumerate(PATCH_SIZES):
        notice(f"trace at patch size {size}", place / (len(PATCH_SIZES) + 3))
        times = _times([lambda size=size: trace(model, picture, patch_size=size)], 4 * rounds)[0]
        rows.append(_row(f"trace, {name}, patch size {size}", times))
    notice("training steps", len(PATCH_SIZES) / (len(PATCH_SIZES) + 3))
    ours, theirs, product = _times([_our_step(), _published_step(), _product()], rounds)
    rate = 2 * _SIDE**3 / min(product)  # operations per millisecond
    share = training_operations(PRESETS["article"], BATCH) / statistics.median(ours) / rate
    shown = f"training step, article, {BATCH} pictures"
    rows += [
        _row(f"{shown}, as published in Keras", theirs),
        _row(shown, ours, statistics.median(theirs) / statistics.median(ours), "x as fast"),
        _row(f"product of two {_SIDE} x {_SIDE} matrices", product, share, "of it in our step"),
    ]
    notice("measured", 1.0)
    return {"machine": machine, "rows": rows}


def training_operations(config: ViTConfig, pictures: int) -> float:
    """Multiplications and additions of one step's matrix products: 2 forwards, 4 backwards."""
    count, inner = config.tokens(), config.heads * config.d
    matrices = sum(
        float(np.prod(shape))
        for name, shape in weight_shapes(config).items()
        if name.endswith("kernel") and name != "head/kernel"
    )
    return pictures * count * (6 * matrices + 12 * count * inner * config.depth)


def table(result: dict[str, Any]) -> str:
    """The result as text, one line per row."""
    lines = [result["machine"], f"{'':<62} {'median ms':>10} {'range':>15}"]
    for row in result["rows"]:
        ends = f"{row['least']:.1f} - {row['most']:.1f}"
        ratio = "" if row["ratio"] is None else f"  {row['ratio']:.2f} {row['of_what']}"
        lines.append(f"{row['what']:<62} {row['median']:>10.1f} {ends:>15}{ratio}")
    return "\n".join(lines)


def _row(what: str, times: list[float], ratio: float | None = None, of_what: str = "") -> dict:
    ends = {"median": statistics.median(times), "least": min(times), "most": max(times)}
    return {"what": what, **ends, "ratio": ratio, "of_what": of_what}


def _times(calls: list[Callable[[], Any]], rounds: int) -> list[list[float]]:
    """Milliseconds of each call, taken in turn; the first round compiles and is not counted."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(rounds + 1):
        for call, times in zip(calls, taken, strict=True):
            started = time.perf_counter()
            call()
            if number:
                times.append(1000 * (time.perf_counter() - started))
    return taken


def _batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (BATCH, 32, 32, 3), np.uint8)
    return pictures, rng.integers(0, 10, BATCH).astype(np.int32)


def _our_step() -> Callable[[], Any]:
    trainer, batch = Trainer(build(PRESETS["article"]), RECIPES["article"]), _batch()
    return lambda: trainer.step(*batch, patch_size=4, rate=2e-3)


def _published_step() -> Callable[[], Any]:
    model, (pictures, labels) = published(), _batch()
    model.compile(
        keras.optimizers.Adam(2e-3),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(5)],
    )
    arrays = pictures.astype(np.float32) / 255, keras.utils.to_categorical(labels, 10)
    return lambda: model.train_on_batch(*arrays)


def _product() -> Callable[[], Any]:
    rng = np.random.default_rng(0)
    matrix = ops.convert_to_tensor(rng.normal(size=(_SIDE, _SIDE)).astype(np.float32))
    return lambda: np.asarray(ops.matmul(matrix, matrix))


class _AddPositions(keras.layers.Layer):
    def build(self, shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(shape=(1, *shape[1:]), name="table")

    def call(self, tokens: Any) -> Any:
        return tokens + self.table


def published() -> keras.Model:
    """The article's network from Keras' own layers, on pictures in [0, 1].

    Source: suvoooo/Learn-TensorFlow, ViT_TensorFlow notebook, https://github.com/suvoooo
    """
    pictures = keras.Input((32, 32, 3))
    tokens = layers.Conv2D(64, 4, strides=4, padding="valid")(pictures)
    tokens = layers.Dropout(0.2)(_AddPositions()(layers.Reshape((64, 64))(tokens)))
    for _ in range(6):
        norm = layers.LayerNormalization()(tokens)
        mixed = layers.MultiHeadAttention(num_heads=4, key_dim=64, dropout=0.1)(norm, norm)
        tokens = layers.Add()([tokens, mixed])
        hidden = layers.Dense(128, activation="gelu")(layers.LayerNormalization()(tokens))
        hidden = layers.Dense(64, activation="gelu")(layers.Dropout(0.1)(hidden))
        tokens = layers.Add()([tokens, layers.Dropout(0.1)(hidden)])
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(tokens))
    return keras.Model(pictures, layers.Dense(10, kernel_initializer="zeros")(pooled))
