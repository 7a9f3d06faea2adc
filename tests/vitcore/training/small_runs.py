"""A run of seconds."""

from tests.vitcore.small_models import small_config
from vitcore.config import PRESETS, TrainConfig

PRESETS["small"] = small_config(
    depth=1, dropout=0.1, attention_dropout=0.1, position_dropout=0.1, pooling="class"
)
# Everything that has a state or is drawn at random.
CONFIG = TrainConfig(
    data="sketch10",
    preset="small",
    steps=6,
    batch_size=8,
    num_sketches=24,
    validation_split=0.5,
    ema_decay=0.9,
    patch_sizes=(8, 16),
    sketch_fraction=0.25,
    seed=3,
)


def quick_step(trainer, *_, **__):
    """In place of `Trainer.begin`, where it does not matter what is learned: compiles nothing.

    One weight moves, so that no two checkpoints are the same.
    """
    bias = trainer.model.head.bias
    bias.assign(bias + 1.0)
    return 1.0, 0.1
