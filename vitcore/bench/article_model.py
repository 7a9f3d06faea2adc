"""The article's network as published: Keras' own layers, its augmentation, and `fit`."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Any

import keras
import numpy as np
from keras import layers

from vitcore.bench import BATCH

_STEPS = 1_000_000  # of one fit: more than are ever asked for
_NUM_IMAGES = 20 * BATCH


class _AddPositions(keras.layers.Layer):
    def build(self, shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(shape=(1, *shape[1:]), name="table")

    def call(self, tokens: Any) -> Any:
        return tokens + self.table


def network() -> keras.Model:
    """The article's network, on images in [0, 1].

    Source: suvoooo/Learn-TensorFlow, ViT_TensorFlow notebook, https://github.com/suvoooo
    """
    images = keras.Input((32, 32, 3))
    tokens = layers.Conv2D(64, 4, strides=4, padding="valid")(images)
    tokens = layers.Dropout(0.2)(_AddPositions()(layers.Reshape((64, 64))(tokens)))
    for _ in range(6):
        norm = layers.LayerNormalization()(tokens)
        mixed = layers.MultiHeadAttention(num_heads=4, key_dim=64, dropout=0.1)(norm, norm)
        tokens = layers.Add()([tokens, mixed])
        hidden = layers.Dense(128, activation="gelu")(layers.LayerNormalization()(tokens))
        hidden = layers.Dense(64, activation="gelu")(layers.Dropout(0.1)(hidden))
        tokens = layers.Add()([tokens, layers.Dropout(0.1)(hidden)])
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(tokens))
    return keras.Model(images, layers.Dense(10, kernel_initializer="zeros")(pooled))


def pipeline() -> Any:
    """Shuffled, batched, augmented and drawn ahead, without end."""
    import tensorflow as tf

    change = keras.Sequential(
        [
            layers.RandomFlip("horizontal_and_vertical"),
            layers.RandomRotation(0.2),
            layers.RandomZoom((0.2, 0.3), (0.2, 0.3)),
            layers.RandomTranslation(0.3, 0.3, fill_mode="reflect"),
        ]
    )
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (_NUM_IMAGES, 32, 32, 3), np.uint8)
    labels = keras.utils.to_categorical(rng.integers(0, 10, _NUM_IMAGES), 10)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().shuffle(_NUM_IMAGES)
    data = data.batch(BATCH, drop_remainder=True)
    data = data.map(lambda x, y: (change(x, training=True) / 255.0, y))
    return data.prefetch(tf.data.AUTOTUNE)


class _StepByStep(keras.callbacks.Callback):
    """Lets `fit` take one step for each `step`, in which its own loop and metrics count."""

    def __init__(self) -> None:
        super().__init__()
        self._asked, self._done = Semaphore(0), Semaphore(0)
        self.error: BaseException | None = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._asked.acquire()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._done.release()

    def run(self, fit: Callable[[], Any]) -> None:
        try:
            fit()
        except BaseException as error:
            self.error = error
            self._done.release()

    def step(self) -> None:
        self._asked.release()
        self._done.acquire()
        if self.error is not None:
            raise self.error


def _fit() -> Callable[[], Any]:
    model, stepwise = network(), _StepByStep()
    model.compile(
        keras.optimizers.Adam(2e-3),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(5)],
    )

    def fit() -> None:
        model.fit(pipeline(), steps_per_epoch=_STEPS, verbose=0, callbacks=[stepwise])

    Thread(target=stepwise.run, args=(fit,), daemon=True).start()
    return stepwise.step


ENTRANTS: dict[str, Callable[[], Callable[[], Any]]] = {"article": _fit}
