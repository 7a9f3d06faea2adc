"""What a model is and how it is trained: frozen records, their presets and recipes."""

from vitcore.config.checks import FieldError
from vitcore.config.recipes import RECIPES
from vitcore.config.train import HIGHEST_SEED, MOST_EPOCHS, MOST_IN_BATCH, TrainConfig
from vitcore.config.vit import (
    CLASS_NAMES,
    PATCH_SIZES,
    PRESETS,
    ViTConfig,
    check_patch_size,
    grid_side,
)

__all__ = [
    "CLASS_NAMES",
    "HIGHEST_SEED",
    "MOST_EPOCHS",
    "MOST_IN_BATCH",
    "PATCH_SIZES",
    "PRESETS",
    "RECIPES",
    "FieldError",
    "TrainConfig",
    "ViTConfig",
    "check_patch_size",
    "grid_side",
]
