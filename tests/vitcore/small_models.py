"""Models small enough to be run in milliseconds, with weights that let everything be seen."""

import zlib

import numpy as np

from vitcore.config import ViTConfig
from vitcore.initialisation import weight_shapes


def small_config(**changes):
    values = {"width": 16, "depth": 2, "num_heads": 2, "mlp_dim": 24, "patch_embed_size": 4}
    return ViTConfig(**{**values, "pos_embed_grid": 4, **changes})


def random_weights(config, seed=0):
    """No zero and no one among them: a weight that is left out changes the answer."""
    weights = {}
    for name, shape in weight_shapes(config).items():
        rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
        spread = 0.5 if len(shape) == 1 else shape[-2] ** -0.5
        if name in ("positions", "class_token", "registers"):
            spread = 1.0
        weights[name] = rng.normal(0, spread, shape).astype(np.float32)
        if name.endswith("scale"):
            weights[name] += 1
    return weights


def small_model(seed=0, **changes):
    from vitcore.model import build

    config = small_config(**changes)
    model = build(config)
    values = random_weights(config, seed)
    for name, variable in model.weights_by_name().items():
        variable.assign(values[name])
    return model


def weights_of(model):
    return {name: np.asarray(variable) for name, variable in model.weights_by_name().items()}


def random_image(seed=0, side=32):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
