"""A run's configuration as options of the command line, and back."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from typing import Any

from vitcore import checkpoints
from vitcore.config import PRESETS, RECIPES, TrainConfig

_CHOICES = {
    "data": ("cifar10", "sketch10"),
    "preset": PRESETS,
    "precision": ("float32", "bfloat16"),
}
_HELP = {
    "data": "training data",
    "preset": "model",
    "pooling": "mean or class (default: the preset's)",
    "positions": "learned, sincos1d, sincos2d or none (default: the preset's)",
    "depth": "encoder blocks (default: the preset's)",
    "num_heads": "attention heads (default: the preset's)",
    "width": "embedding dimension (default: the preset's)",
    "mlp_dim": "MLP dimension (default: the preset's)",
    "init_from": "initialize from a bundled model, run name or folder",
    "epochs": "passes over the training set",
    "steps": "optimizer steps (overrides epochs)",
    "batch_size": "images per step",
    "learning_rate": "peak learning rate",
    "warmup_ratio": "warm-up ratio",
    "schedule": "LR schedule: cosine or plateau",
    "cycles": "cosine cycles; if > 1, final weights are averaged over cycle ends and the initial "
    "model (SWA)",
    "plateau_factor": "LR factor on plateau",
    "plateau_patience": "epochs without improvement before a plateau",
    "early_stopping": "stop after this many epochs without improvement and restore the best "
    "weights (0: never)",
    "optimizer": "adamw, muon or adam",
    "weight_decay": "decoupled weight decay, on matrices only",
    "label_smoothing": "label smoothing",
    "augmentation": "crop-flip, trivial (TrivialAugment), article or none",
    "cutmix": "CutMix probability",
    "frozen": "suffixes of frozen weights, e.g. norm1/scale,positions",
    "ema_decay": "EMA decay of the weights (0: off)",
    "patch_sizes": "patch sizes to sample from, e.g. 4,8,16 (default: fixed)",
    "patch_size_probs": "patch-size probabilities (default: uniform)",
    "patch_size_probs_end": "patch-size probabilities at the end, interpolated linearly",
    "max_tokens": "max. patches per batch (0: unlimited)",
    "sketch_fraction": "sketch10 fraction of each batch",
    "validation_split": "validation split",
    "num_sketches": "number of sketch10 images (an epoch of sketch10)",
    "precision": "compute precision",
    "seed": "random seed",
}
_ALWAYS = ("recipe", "data", "preset", "epochs", "learning_rate", "seed")


def add(parser: argparse.ArgumentParser) -> None:
    """Give a command one option for each field of `TrainConfig`; none has a default."""
    parser.add_argument("--recipe", choices=RECIPES, help="recipe (default: standard)")
    for field in fields(TrainConfig):
        if field.name == "recipe":
            continue
        named: dict[str, Any] = {}
        if field.name in _CHOICES:
            named["choices"] = _CHOICES[field.name]
        parser.add_argument(
            _option(field.name), type=_reader(field.name), help=_HELP.get(field.name), **named
        )


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The fields that were named on the command line, but for the recipe."""
    names = [field.name for field in fields(TrainConfig) if field.name != "recipe"]
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def changed(recipe: TrainConfig, values: dict[str, Any]) -> TrainConfig:
    """A recipe with what was named on the command line, and without what that takes the place of.

    Epochs take the place of the recipe's number of steps, and patch sizes that of its weights.

    Raises:
        ValueError: if there can be no such run.
    """
    places: dict[str, dict[str, Any]] = {
        "epochs": {"steps": 0},
        "patch_sizes": {"patch_size_probs": (), "patch_size_probs_end": ()},
    }
    for name in values.keys() & places.keys():
        values = places[name] | values
    return recipe.replace(**values)


def arguments(config: TrainConfig) -> list[str]:
    """Options that give exactly this configuration, those of its recipe left out.

    Raises:
        ValueError: if there is no such recipe.
    """
    if config.recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {config.recipe!r}")
    recipe = RECIPES[config.recipe]
    named = set(_ALWAYS)
    if config.steps:
        named.add("steps")
    if config.patch_sizes != recipe.patch_sizes:
        named |= {"patch_size_probs", "patch_size_probs_end"}
    return [
        f"{_option(name)}={_text(value)}"
        for name, value in config.to_dict().items()
        if name in named or value != recipe.to_dict()[name]
    ]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _reader(name: str) -> Any:
    if name == "init_from":
        return _findable
    default = getattr(TrainConfig(), name)
    if not isinstance(default, tuple):
        return type(default)
    kind = {"patch_sizes": int, "frozen": str}.get(name, float)

    def several(text: str) -> tuple:
        try:
            return tuple(kind(part.strip()) for part in text.split(",") if part.strip())
        except ValueError:
            what = "integers" if kind is int else "numbers"
            raise argparse.ArgumentTypeError(
                f"must be comma-separated {what}, got {text!r}"
            ) from None

    return several


def _findable(model: str) -> str:
    """A model's name, or its folder as it is called from everywhere."""
    folder = os.path.expanduser(model)
    named = model in checkpoints.bundled() or not os.path.isdir(folder)
    return model if named else os.path.abspath(folder)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else repr(value)
