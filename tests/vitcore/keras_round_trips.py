"""A model saved, loaded, cloned and exported: `python -m tests.vitcore.keras_round_trips FOLDER`.

`save` and `open` are two processes: what a file holds must be enough for another one.
"""

import sys
from pathlib import Path

import numpy as np

SIZES = (4, 8)


def save(folder):
    import keras

    import vitcore
    from tests.vitcore.backend_answers import filled
    from tests.vitcore.small_models import small_config

    model = filled(small_config(registers=2, pooling="class"))
    images = np.random.default_rng(4).integers(0, 256, (3, 32, 32, 3), np.uint8)
    model.save(folder / "model.keras")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(folder / "other.keras")
    logits = {}
    for size in SIZES:
        model.export(folder / f"exported_{size}", patch_size=size, verbose=False)
        logits[str(size)] = vitcore.predict(model, images, patch_size=size)
    np.savez(folder / "expected.npz", images=images, **logits)


def opened(folder):
    """What this process makes of those files: by name, predictions at each size."""
    import vitcore  # noqa: F401 - alone it lets Keras know our classes

    # isort: split
    import keras
    import tensorflow as tf

    images = np.load(folder / "expected.npz")["images"]
    loaded = keras.models.load_model(folder / "model.keras")
    clone = keras.models.clone_model(loaded)
    clone.set_weights(loaded.get_weights())
    by_name = vitcore.load(folder / "model.keras")
    lines = []
    loaded.summary(print_fn=lines.append)
    yield "summary", np.array("\n".join(lines))
    for size in SIZES:
        exported = tf.saved_model.load(folder / f"exported_{size}")
        powers = np.exp(np.asarray(exported.serve(images.astype(np.float32)), np.float64))
        yield f"exported {size}", powers / powers.sum(-1, keepdims=True)
        for name, model in (("load_model", loaded), ("clone", clone), ("load", by_name)):
            yield f"{name} {size}", vitcore.predict(model, images, patch_size=size)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    if sys.argv[1] == "save":
        save(place)
    else:
        np.savez(place / "opened.npz", **dict(opened(place)))
