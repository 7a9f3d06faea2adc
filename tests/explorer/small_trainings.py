"""Folders as trainings leave them, of random weights and without any training."""

import os

import numpy as np

from explorer.client.snapshot_metrics import Looked, weights_at
from explorer.client.snapshots import history
from explorer.components.timeline.component import Film
from explorer.selection import ModelRef, Selection
from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.training import events, runs, snapshots

STEPS = 40
KEPT = (0, 5, 20)


def write_run(folder, *, config=None, kept=KEPT, end="finished", at=STEPS, early_stopping=0):
    """A run folder; `end` None: its process, this one, lives."""
    config = config or small_config()
    train = TrainConfig(data="sketch10", steps=STEPS, early_stopping=early_stopping)
    runs.write_description(folder, train, pid=os.getpid())
    log = events.EventLog(folder)
    log("start", step=0, steps=STEPS, steps_per_epoch=10, parameters=1)
    for seed, step in enumerate(kept):
        snapshots.write(folder, step, config, random_weights(config, seed))
    log("step", step=at, epoch=at / 10, loss=1.0, accuracy=0.5, learning_rate=1e-3)
    if end is not None:
        write_end(folder, config=config, end=end, at=at)
    else:
        checkpoints.write(folder, config, random_weights(config, 99))
    log.close()
    return folder


def write_end(folder, *, config=None, end="finished", at=STEPS):
    """Its own weights and its last words."""
    config = config or small_config()
    checkpoints.write(folder, config, random_weights(config, 99))
    log = events.EventLog(folder)
    log("checkpoint", step=at)
    log("end", state=end, reason="It was over.", step=at)
    log.close()


def write_shipped(folder, *, config=None, seed=7):
    """A model that comes with two of its snapshots, its first weights left out."""
    config = config or small_config()
    for number, step in enumerate((5, 20)):
        snapshots.write(folder, step, config, random_weights(config, number))
    checkpoints.write(folder, config, random_weights(config, 99))
    card = {"steps": STEPS, "epochs": 4.0, "seed": seed}
    checkpoints.write_card(folder, card)
    return folder


def break_weights(folder, *, config=None):
    """A snapshot of weights that are no longer numbers."""
    config = config or small_config()
    weights = random_weights(config)
    weights["patch_embedding/kernel"] = np.full_like(weights["patch_embedding/kernel"], np.nan)
    checkpoints.write(folder, config, weights, half=True)


def random_look(config, patch_size, seed=0):
    rng = np.random.default_rng(seed)
    count, heads = config.grid_side(patch_size) ** 2, (config.depth, config.num_heads)
    return Looked(
        maps=rng.dirichlet(np.ones(count), size=heads).astype(np.float32),
        distance=rng.uniform(3, 16, heads).astype(np.float32),
        probabilities=rng.dirichlet(np.ones(config.classes)).astype(np.float32),
    )


def make_film(folder, image, *, patch_size=4, config=None, kept=(0, 5), end="finished"):
    """A film of a run in `folder`, all moments known."""
    past = history(write_run(folder, config=config, kept=kept, end=end))
    weights, before = [], None
    for moment in past.moments:
        before = weights_at(moment, past.config, patch_size, before)
        weights.append(before)
    looks = [random_look(past.config, patch_size, seed) for seed in range(len(weights))]
    model = ModelRef(folder.name, folder, (1,), past.config)
    selection = Selection(model, image, patch_size)
    return Film(history=past, selection=selection, weights=weights, looks=looks)
