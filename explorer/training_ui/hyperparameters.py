"""The switches of a training run: what each does in one line, and the configuration they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, FieldError, TrainConfig, ViTConfig
from vitcore.initialisation import parameter_count
from vitcore.messages import as_sentence

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
    "Optimization": (
        Switch(
            name="learning_rate",
            label="Learning rate",
            line="Peak value. Most runs diverge above 0.01.",
            kind="number",
            step=1e-4,
        ),
        Switch(
            name="batch_size",
            label="Batch size",
            line="Images per step. Larger batches: fewer, less noisy steps.",
            kind="whole",
            step=16,
        ),
        Switch(
            name="warmup_ratio",
            label="Warm-up ratio",
            line="Fraction of steps with linearly increasing LR.",
            kind="number",
            step=0.01,
        ),
        Switch(
            name="schedule",
            label="LR schedule",
            line="After the warm-up.",
            options={"cosine": "Cosine decay", "plateau": "Reduce on plateau"},
        ),
        Switch(
            name="plateau_factor",
            label="Plateau factor",
            line="LR multiplier on a plateau (article: 0.8).",
            kind="number",
            step=0.05,
        ),
        Switch(
            name="plateau_patience",
            label="Plateau patience",
            line="Epochs without a lower validation loss (article: 5).",
            kind="whole",
        ),
        Switch(
            name="precision",
            label="Precision",
            line="bfloat16: mixed precision, float32 weights.",
            options={"float32": "float32", "bfloat16": "bfloat16"},
        ),
    ),
    "Regularization": (
        Switch(
            name="early_stopping",
            label="Early-stopping patience",
            line="Epochs without a lower validation loss; 0: off. Restores the best weights.",
            kind="whole",
        ),
        Switch(
            name="weight_decay",
            label="Weight decay",
            line="Decoupled, weight matrices only. Reduces overfitting.",
            kind="number",
            step=0.01,
        ),
        Switch(
            name="augmentation",
            label="Data augmentation",
            line="Random changes of each training image.",
            options={
                "crop-flip": "Crop + flip",
                "trivial": "Crop + flip + TrivialAugment",
                "article": "As in the article",
                "none": "None",
            },
        ),
        Switch(
            name="validation_split",
            label="Validation split",
            line="Fraction of the training set used for validation.",
            kind="number",
            step=0.05,
        ),
    ),
}
ARCHITECTURE: tuple[Switch, ...] = (
    Switch(name="num_heads", label="Heads", line="Attention maps per block.", kind="whole"),
    Switch(name="depth", label="Blocks", line="Depth of the encoder.", kind="whole"),
    Switch(
        name="width",
        label="Embedding dimension",
        line="Values per token (D).",
        kind="whole",
        step=16,
    ),
    Switch(
        name="mlp_dim",
        label="MLP dimension",
        line="Hidden units; ViT: 4 × D.",
        kind="whole",
        step=64,
    ),
    Switch(
        name="pooling",
        label="Pooling",
        line="What the classifier reads.",
        options={"": "model default", "mean": "Mean", "class": "Class token"},
    ),
    Switch(
        name="positions",
        label="Position embedding",
        line="None: order-blind (bag of patches).",
        options={
            "": "model default",
            "learned": "Learned",
            "sincos1d": "Sin-cos 1-D",
            "sincos2d": "Sin-cos 2-D",
            "none": "None",
        },
    ),
    Switch(
        name="patch_sizes",
        label="Patch size",
        line="Flexible: a random size per step.",
        options={"fixed": "Fixed", "flexible": "Flexible (FlexiViT)"},
    ),
)
SIZES = ("num_heads", "depth", "width", "mlp_dim")  # numbers of which each preset has its own
MOST_PARAMETERS = 100_000_000  # beyond ViT-B: a slip of a finger
MOST_BLOCKS = 64  # more than any published ViT has
SWITCHES = {switch.name: switch for group in (*GROUPS.values(), ARCHITECTURE) for switch in group}


# What has no switch, and can differ between two runs all the same.
_LABELS = {
    "data": "Dataset",
    "preset": "Model",
    "init_from": "Initialized from",
    "steps": "Optimizer steps",
    "cycles": "Cosine cycles",
    "cutmix": "CutMix probability",
    "frozen": "Frozen parameters",
    "ema_decay": "EMA decay",
    "patch_size_probs": "Patch-size probabilities",
    "patch_size_probs_end": "Patch-size probabilities (end)",
    "max_tokens": "Max tokens per batch",
    "sketch_fraction": "sketch10 fraction",
    "num_sketches": "sketch10 images",
}


def word(switch: Switch, value: Any, preset: str) -> str:
    """What a choice is called; of one that is left to the model, what that is.

    Args:
        switch: a choice.
        value: one of its options.
        preset: the model's.
    """
    own, called = PRESETS[preset], switch.options.get(value, str(value))
    if switch.name == "patch_sizes" and value == "fixed":
        return f"{called} ({own.patch_size})"
    if value == "":
        return f"{switch.options[getattr(own, switch.name)]} ({called})"
    return called


def values_of(config: TrainConfig) -> dict[str, Any]:
    """What each switch shows for a configuration."""
    values = {name: getattr(config, name) for name in SWITCHES} | sizes(config.model_config())
    return values | {"patch_sizes": "flexible" if config.patch_sizes else "fixed"}


def sizes(model: ViTConfig) -> dict[str, int]:
    """What the boxes of a model's sizes show, by SIZES."""
    return {name: getattr(model, name) for name in SIZES}


def config_of(recipe: str, values: Mapping[str, Any], **others: Any) -> TrainConfig:
    """The configuration that a recipe and the switches make.

    Args:
        recipe: a name in RECIPES; gives what there is no switch for.
        values: of each switch.
        others: further fields.

    Raises:
        FieldError: if one of them cannot be.
        ValueError: if they cannot be trained together.
    """
    for name, value in {**others, **values}.items():
        if value is None:  # a box that was emptied, or holds more than a number can be
            raise FieldError(name, "must be a number")
    changes = {name: values[name] for name in SWITCHES if name != "patch_sizes"}
    for name, switch in SWITCHES.items():
        if switch.kind == "whole":
            changes[name] = int(changes[name])
    preset = others.get("preset", RECIPES[recipe].preset)
    for name, own in sizes(PRESETS[preset]).items():
        if changes[name] < 1:
            raise FieldError(name, f"must be an integer >= 1, got {changes[name]:,}")
        if changes[name] == own:
            changes[name] = 0
    if values["patch_sizes"] == "flexible":
        changes |= {
            "patch_sizes": PATCH_SIZES,
            "patch_size_probs": _FLEXIBLE.patch_size_probs,
            "patch_size_probs_end": _FLEXIBLE.patch_size_probs_end,
            "max_tokens": _FLEXIBLE.max_tokens,
        }
    else:
        none: tuple = ()
        changes |= dict.fromkeys(("patch_sizes", "patch_size_probs", "patch_size_probs_end"), none)
        changes |= {"max_tokens": 0}
    config = RECIPES[recipe].replace(**changes, **others)
    if config.batch_size > config.images_per_epoch:
        raise FieldError(
            "batch_size",
            f"must be at most the {config.images_per_epoch:,} images of an epoch, "
            f"got {config.batch_size:,}",
        )
    if config.depth > MOST_BLOCKS:
        raise FieldError("depth", f"must be an integer <= {MOST_BLOCKS}, got {config.depth:,}")
    if (count := parameter_count(config.model_config())) > MOST_PARAMETERS:
        raise FieldError(
            "width",
            f"must give at most {MOST_PARAMETERS / 1e6:.0f} M parameters, got {count / 1e6:,.0f} M",
        )
    return config


def refusal(error: Exception) -> tuple[str, str]:
    """The field that an error is about, "" where it has no box, and the sentence for a page."""
    if not isinstance(error, FieldError):
        return "", as_sentence(str(error))
    field = error.field if error.field in {*SWITCHES, "epochs", "seed"} else ""
    return field, f"{label(error.field)} {error.rule}."


def label(name: str) -> str:
    """What a field of `TrainConfig` is called on a page."""
    if name in SWITCHES:
        return SWITCHES[name].label
    return _LABELS.get(name) or name.replace("_", " ").capitalize()
