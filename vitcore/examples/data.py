"""The article's input pipeline in tf.data and Keras layers."""

import keras
import tensorflow as tf


def augmentation():
    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal_and_vertical"),
            keras.layers.RandomRotation(0.2),
            keras.layers.RandomZoom((0.2, 0.3), (0.2, 0.3)),
            keras.layers.RandomTranslation(0.3, 0.3),
        ]
    )


def input_pipeline(images, labels, *, batch_size=128, training):
    """(N, H, W, 3) uint8 and (N,) integers to batches of images and one-hot labels (B, 10)."""
    data = tf.data.Dataset.from_tensor_slices((images, tf.one_hot(labels, 10)))
    if training:
        data = data.shuffle(len(images))
    data = data.batch(batch_size)
    if training:
        change = augmentation()
        data = data.map(lambda x, y: (change(x, training=True), y), tf.data.AUTOTUNE)
    return data.prefetch(tf.data.AUTOTUNE)
