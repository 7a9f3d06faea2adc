"""What one Keras backend computes: `python -m tests.vitcore.backend_answers FILE`."""

import sys
from dataclasses import replace

import numpy as np

from tests.vitcore.small_models import random_image, random_weights, small_config
from vitcore import position_similarity, relevance
from vitcore.config import PRESETS, TrainConfig
from vitcore.model import build
from vitcore.tracing import trace
from vitcore.training.step import Trainer

TRACED = (("flexi", 4), ("flexi", 11), ("plain", 8))


def filled(config, seed=0):
    model = build(config)
    weights = random_weights(config, seed)
    for name, variable in model.weights_by_name().items():
        variable.assign(weights[name])
    return model


def inside():
    """Everything that is shown of a pass, for models as wide as the bundled ones."""
    # Two blocks: JAX takes seconds to compile each, and they are all alike.
    models = {name: filled(replace(PRESETS[name], depth=2)) for name in ("flexi", "plain")}
    image = random_image()
    for name, size in TRACED:
        result = trace(models[name], image, patch_size=size)
        yield f"{name} {size} attention", result.attention
        yield f"{name} {size} tokens", result.hidden_states
        yield f"{name} {size} probabilities", result.probabilities
    yield "relevance", relevance(models["plain"], image, 3, 8)
    yield "positions", position_similarity(models["flexi"], 5)


def training():
    """Losses and weights of a few steps, and of steps after a restored state."""
    rng = np.random.default_rng(0)
    config = TrainConfig(ema_decay=0.9, label_smoothing=0.1)
    architecture = small_config(depth=1)  # JAX takes seconds to compile a step of each block
    trainer = Trainer(filled(architecture), config)
    batches = [
        (rng.integers(0, 256, (8, 32, 32, 3), np.uint8), rng.integers(0, 10, 8).astype(np.int32))
        for _ in range(4)
    ]
    losses = [
        trainer.step(*batch, patch_size=8, rate=1e-3 * (i + 1))[0]
        for i, batch in enumerate(batches)
    ]
    yield "losses", np.array(losses)
    for name, variable in trainer.finished().weights_by_name().items():
        yield f"trained {name}", np.asarray(variable)


def resuming():
    """Two steps and two more, straight and by way of a restored state; with dropout."""
    config = TrainConfig(optimizer="adam", cycles=2)
    architecture = small_config(depth=1, dropout=0.3, attention_dropout=0.3, position_dropout=0.3)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (8, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, 8).astype(np.int32)

    def steps(trainer, count):
        for _ in range(count):
            trainer.step(images, labels, patch_size=8, rate=1e-2)
        trainer.end_cycle()
        return {name: np.array(value) for name, value in trainer.arrays().items()}

    straight = steps(first := Trainer(filled(architecture), config), 2)
    resumed = Trainer(filled(architecture, seed=5), config)
    resumed.restore(straight)
    straight, resumed = steps(first, 2), steps(resumed, 2)
    for name, values in straight.items():
        yield f"straight {name}", values
        yield f"resumed {name}", resumed[name]

    first.begin_anew(config)
    fresh = Trainer(build(architecture, seed=config.seed), config).arrays()
    for name, values in first.arrays().items():
        yield f"anew {name}", np.asarray(values)
        yield f"fresh {name}", np.asarray(fresh[name])


if __name__ == "__main__":
    np.savez(sys.argv[1], **dict([*inside(), *training(), *resuming()]))
