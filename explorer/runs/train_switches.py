"""The switches of a training run: what each does in one line, and the configuration they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, TrainConfig

_FLEXIBLE = RECIPES["flexi-cifar10-cpu"]  # how patch sizes are drawn, where they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One thing that can be chosen; its name is that of a field of `TrainConfig`."""

    name: str
    label: str
    line: str  # what it does
    kind: Literal["choice", "number", "whole"] = "choice"
    options: Mapping[Any, str] = field(default_factory=dict)  # value -> its word, of a choice
    step: float = 1.0  # of the buttons that make a number larger and smaller


GROUPS: dict[str, tuple[Switch, ...]] = {
    "Learning": (
        Switch(
            name="learning_rate",
            label="Learning rate",
            line="The highest one. Above 0.01 most runs fall apart, and say where.",
            kind="number",
            step=1e-4,
        ),
        Switch(
            name="batch_size",
            label="Batch size",
            line="Pictures per step: more of them make steps smoother, and fewer.",
            kind="whole",
            step=16,
        ),
        Switch(
            name="warmup",
            label="Warm-up, share of the steps",
            line="The rate rises from zero meanwhile, so that the first steps do no harm.",
            kind="number",
            step=0.01,
        ),
        Switch(
            name="schedule",
            label="Then the rate falls",
            line="Along half a cosine, or only when the validation loss stops falling.",
            options={"cosine": "on a cosine to zero", "plateau": "on plateaus"},
        ),
        Switch(
            name="plateau_factor",
            label="On a plateau, keep this share of the rate",
            line="The article keeps 0.8. Counts only where the rate falls on plateaus.",
            kind="number",
            step=0.05,
        ),
        Switch(
            name="plateau_patience",
            label="Epochs without a lower loss that make a plateau",
            line="The article waits for 5.",
            kind="whole",
        ),
    ),
    "Limits": (
        Switch(
            name="early_stopping",
            label="Early stopping after so many epochs without a lower loss",
            line="0: never. Kept are the weights of the epoch that did best on the pictures "
            "held back.",
            kind="whole",
        ),
        Switch(
            name="weight_decay",
            label="Weight decay",
            line="Pulls matrices towards zero at each step, against learning by heart. "
            "The article trains without it.",
            kind="number",
            step=0.01,
        ),
        Switch(
            name="augmentation",
            label="Augmentation",
            line="Changes each picture at random, so that no two epochs look the same.",
            options={
                "crop-flip": "shifts and flips",
                "trivial": "shifts, flips, TrivialAugment",
                "article": "the article's",
                "none": "none",
            },
        ),
        Switch(
            name="validation",
            label="Share of the pictures held back",
            line="Never learned from: they tell how it does on pictures that it does not know.",
            kind="number",
            step=0.05,
        ),
    ),
    "Model": (
        Switch(
            name="pooling",
            label="The answer is read from",
            line="All patches alike, or a token of its own that gathers what it needs.",
            options={
                "": "the model's own",
                "mean": "the mean of the patches",
                "class": "a class token",
            },
        ),
        Switch(
            name="positions",
            label="Position embedding",
            line="How a patch knows where it is. Without one the model sees a bag of patches.",
            options={
                "": "the model's own",
                "learned": "learned",
                "sincos1d": "sin-cos along the row of patches",
                "sincos2d": "sin-cos by row and column",
                "none": "none",
            },
        ),
        Switch(
            name="patch_sizes",
            label="Patch size in training",
            line="Flexible: another at each step, so that one model answers at all of them.",
            options={"fixed": "the model's own", "flexible": "flexible"},
        ),
        Switch(
            name="precision",
            label="Precision",
            line="bfloat16 is faster on processors that know it; the weights stay float32.",
            options={"float32": "float32", "bfloat16": "bfloat16"},
        ),
    ),
}
SWITCHES = {switch.name: switch for group in GROUPS.values() for switch in group}


def word(switch: Switch, value: Any, preset: str) -> str:
    """What a choice is called; of one that is left to the model, what that is.

    Args:
        switch: a choice.
        value: one of its options.
        preset: the model's.
    """
    own, called = PRESETS[preset], switch.options.get(value, str(value))
    if switch.name == "patch_sizes" and value == "fixed":
        return f"{own.patch_size} pixels, {called}"
    if value == "":
        return f"{switch.options[getattr(own, switch.name)]}, {called}"
    return called


def values_of(config: TrainConfig) -> dict[str, Any]:
    """What each switch shows for a configuration."""
    values = {name: getattr(config, name) for name in SWITCHES}
    return values | {"patch_sizes": "flexible" if config.patch_sizes else "fixed"}


def config_of(recipe: str, values: Mapping[str, Any], **others: Any) -> TrainConfig:
    """The configuration that a recipe and the switches make.

    Args:
        recipe: a name in RECIPES; gives what there is no switch for.
        values: of each switch.
        others: further fields.

    Raises:
        ValueError: if that cannot be trained; the first word names the field.
    """
    for name, value in {**others, **values}.items():
        if value is None:  # a box that was emptied, or holds more than a number can be
            raise ValueError(f"{name} must be a number")
    changes = {name: values[name] for name in SWITCHES if name != "patch_sizes"}
    for name, switch in SWITCHES.items():
        if switch.kind == "whole":
            changes[name] = int(changes[name])
    if values["patch_sizes"] == "flexible":
        changes |= {
            "patch_sizes": PATCH_SIZES,
            "patch_weights": _FLEXIBLE.patch_weights,
            "patch_weights_end": _FLEXIBLE.patch_weights_end,
            "token_budget": _FLEXIBLE.token_budget,
        }
    else:
        none: tuple = ()
        changes |= dict.fromkeys(("patch_sizes", "patch_weights", "patch_weights_end"), none)
        changes |= {"token_budget": 0}
    config = RECIPES[recipe].replace(**changes, **others)
    if config.batch_size > config.pictures_per_epoch:
        raise ValueError(
            f"batch_size must be at most the {config.pictures_per_epoch:,} pictures of an epoch, "
            f"got {config.batch_size:,}"
        )
    return config


def refusal(error: Exception) -> tuple[str, str]:
    """The field that an error is about, and the sentence for a page."""
    text = str(error)
    name = text.partition(" ")[0]
    label = SWITCHES[name].label if name in SWITCHES else name.replace("_", " ").capitalize()
    if name not in {*SWITCHES, "epochs", "seed"}:
        return "", f"{text.replace('_', ' ').capitalize()}."
    return name, f"{label}{text.removeprefix(name)}."
