"""Names in files that earlier versions wrote: today's are written, both are read.

Each table maps an earlier name to today's; `renamed` is applied where a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Fields of ViTConfig, in config.json and in .keras files.
VIT = {
    "kernel_size": "patch_embed_size",
    "position_grid": "pos_embed_grid",
    "heads": "num_heads",
    "head_width": "head_dim",
    "mlp_width": "mlp_dim",
    "first_weights": "weight_init",
    "norm_epsilon": "layer_norm_eps",
    "mlp_ends_in_gelu": "mlp_output_gelu",
}
# Fields of TrainConfig, in run.json, in checkpoints and in cards.
TRAIN = {
    "start": "init_from",
    "warmup": "warmup_ratio",
    "average": "ema_decay",
    "patch_weights": "patch_size_probs",
    "patch_weights_end": "patch_size_probs_end",
    "token_budget": "max_tokens",
    "sketch_share": "sketch_fraction",
    "validation": "validation_split",
    "train_size": "num_sketches",
}
RECIPES = {
    "flexi-cifar10-mean": "flexi-cifar10-swa",
    "flexi-cifar10-fine": "flexi-cifar10-swa-p2",
    "plain-cifar10-mean": "plain-cifar10-swa",
}
CARD = {
    "pictures_seen": "images_seen",
    "before": "earlier_stages",
    "reports": "evaluation",
    "pictures": "num_images",
    "on_object": "object_attention",
    "rollout_on_object": "rollout_object_attention",
    "blind_heads": "query_independent_heads",
    "blind_below": "query_independent_below",
}
EVENT = {"pictures_per_second": "images_per_second"}  # in events.jsonl
PROGRESS = {"pictures": "images_seen"}  # in a checkpoint's state


def renamed(values: Any, names: Mapping[str, str]) -> Any:
    """A dict with today's names; what is no dict, or has them already, as it is."""
    if not isinstance(values, dict):
        return values
    return {names.get(name, name): value for name, value in values.items()}


def train_fields(values: Any) -> Any:
    """Fields of a TrainConfig with today's names, its recipe among them."""
    return _recipe_renamed(renamed(values, TRAIN))


def card_fields(card: Any) -> Any:
    """A model card with today's names, in its nested parts as well."""
    return _recipe_renamed(_card_part(card, depth=4))


def _card_part(values: Any, depth: int) -> Any:
    if isinstance(values, list) and depth:
        return [_card_part(each, depth - 1) for each in values]
    if not isinstance(values, dict) or not depth:
        return values
    return {
        name: train_fields(value) if name == "train" else _card_part(value, depth - 1)
        for name, value in renamed(values, CARD).items()
    }


def _recipe_renamed(values: Any) -> Any:
    if isinstance(values, dict) and isinstance(recipe := values.get("recipe"), str):
        return {**values, "recipe": RECIPES.get(recipe, recipe)}
    return values
