"""Runs of seconds, in a process of their own by `python -m tests.vitcore.training.small_runs`."""

import sys
from pathlib import Path

from tests.vitcore.small_models import small_config
from vitcore.config import PRESETS, TrainConfig

PRESETS["small"] = small_config(
    dropout=0.1, attention_dropout=0.1, position_dropout=0.1, pooling="class"
)
# Everything that has a state or is drawn at random.
CONFIG = TrainConfig(
    data="sketch10",
    preset="small",
    steps=6,
    batch_size=8,
    train_size=24,
    validation=0.5,
    average=0.9,
    patch_sizes=(8, 16),
    sketch_share=0.25,
    seed=3,
)

if __name__ == "__main__":
    from vitcore.training.loop import train

    train(Path(sys.argv[1]), CONFIG, resume=True)
