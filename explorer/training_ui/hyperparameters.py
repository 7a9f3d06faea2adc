"""The switches of a training run: what each does in one line, and the configuration they make."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from explorer.text.language import N_, tr, tr_within
from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, FieldError, TrainConfig, ViTConfig
from vitcore.initialisation import parameter_count
from vitcore.messages import as_sentence, short_number

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
    N_("Optimization"): (
        Switch(
            name="learning_rate",
            label=N_("Learning rate"),
            line=N_("Peak value. Most runs diverge above 0.01."),
            kind="number",
            step=1e-4,
        ),
        Switch(
            name="batch_size",
            label=N_("Batch size"),
            line=N_("Images per step. Larger batches: fewer, less noisy steps."),
            kind="whole",
            step=16,
        ),
        Switch(
            name="warmup_ratio",
            label=N_("Warm-up ratio"),
            line=N_("Fraction of steps with linearly increasing LR."),
            kind="number",
            step=0.01,
        ),
        Switch(
            name="schedule",
            label=N_("LR schedule"),
            line=N_("After the warm-up."),
            options={"cosine": N_("Cosine decay"), "plateau": N_("Reduce on plateau")},
        ),
        Switch(
            name="plateau_factor",
            label=N_("Plateau factor"),
            line=N_("LR multiplier on a plateau (article: 0.8)."),
            kind="number",
            step=0.05,
        ),
        Switch(
            name="plateau_patience",
            label=N_("Plateau patience"),
            line=N_("Epochs without a lower validation loss (article: 5)."),
            kind="whole",
        ),
        Switch(
            name="precision",
            label=N_("Precision"),
            line=N_("bfloat16: mixed precision, float32 weights."),
            options={"float32": "float32", "bfloat16": "bfloat16"},
        ),
    ),
    N_("Regularization"): (
        Switch(
            name="early_stopping",
            label=N_("Early-stopping patience"),
            line=N_("Epochs without a lower validation loss; 0: off. Restores the best weights."),
            kind="whole",
        ),
        Switch(
            name="weight_decay",
            label=N_("Weight decay"),
            line=N_("Decoupled, weight matrices only. Reduces overfitting."),
            kind="number",
            step=0.01,
        ),
        Switch(
            name="augmentation",
            label=N_("Data augmentation"),
            line=N_("Random changes of each training image."),
            options={
                "crop-flip": N_("Crop + flip"),
                "trivial": N_("Crop + flip + TrivialAugment"),
                "article": N_("As in the article"),
                "none": N_("None"),
            },
        ),
        Switch(
            name="validation_split",
            label=N_("Validation split"),
            line=N_("Fraction of the training set used for validation."),
            kind="number",
            step=0.05,
        ),
    ),
}
ARCHITECTURE: tuple[Switch, ...] = (
    Switch(name="num_heads", label=N_("Heads"), line=N_("Attention maps per block."), kind="whole"),
    Switch(name="depth", label=N_("Blocks"), line=N_("Depth of the encoder."), kind="whole"),
    Switch(
        name="width",
        label=N_("Embedding dimension"),
        line=N_("Values per token (D)."),
        kind="whole",
        step=16,
    ),
    Switch(
        name="mlp_dim",
        label=N_("MLP dimension"),
        line=N_("Hidden units; ViT: 4 × D."),
        kind="whole",
        step=64,
    ),
    Switch(
        name="pooling",
        label=N_("Pooling"),
        line=N_("What the classifier reads."),
        options={"": N_("model default"), "mean": N_("Mean"), "class": N_("Class token")},
    ),
    Switch(
        name="positions",
        label=N_("Position embedding"),
        line=N_("None: order-blind (bag of patches)."),
        options={
            "": N_("model default"),
            "learned": N_("Learned"),
            "sincos1d": N_("Sin-cos 1-D"),
            "sincos2d": N_("Sin-cos 2-D"),
            "none": N_("None"),
        },
    ),
    Switch(
        name="patch_sizes",
        label=N_("Patch size"),
        line=N_("Flexible: a random size per step."),
        options={"fixed": N_("Fixed"), "flexible": N_("Flexible (FlexiViT)")},
    ),
)
SIZES = ("num_heads", "depth", "width", "mlp_dim")  # numbers of which each preset has its own
_LEAST = 1  # of each of them
MOST_PARAMETERS = 100_000_000  # beyond ViT-B: a slip of a finger
MOST_BLOCKS = 64  # more than any published ViT has
SWITCHES = {switch.name: switch for group in (*GROUPS.values(), ARCHITECTURE) for switch in group}


# What has no switch, and can differ between two runs all the same.
_LABELS = {
    "data": N_("Dataset"),
    "preset": N_("Model"),
    "init_from": N_("Initialized from"),
    "steps": N_("Optimizer steps"),
    "cycles": N_("Cosine cycles"),
    "cutmix": N_("CutMix probability"),
    "frozen": N_("Frozen parameters"),
    "ema_decay": N_("EMA decay"),
    "patch_size_probs": N_("Patch-size probabilities"),
    "patch_size_probs_end": N_("Patch-size probabilities (end)"),
    "max_tokens": N_("Max tokens per batch"),
    "sketch_fraction": N_("sketch10 fraction"),
    "num_sketches": N_("sketch10 images"),
}
# What `FieldError` says of the fields that can be chosen, the most special first.
_RULES = (
    N_("must be a number"),
    N_("must be a number, got {got}"),
    N_("must be an integer >= {least}, got {got}"),
    N_("must be an integer <= {most}, got {got}"),
    N_("must be at most the {most} images of an epoch, got {got}"),
    N_("must give at most {most} M parameters, got {got} M"),
    N_("must be above 0 and at most {most}, got {got}"),
    N_("must be at least 0 and less than 1, got {got}"),
    N_("must be above 0 and below 1, got {got}"),
    N_("must be between 0 and 1, got {got}"),
    N_("must leave at least {least} images for {set}, got {got} of {all}"),
    N_("must divide width (the embedding dimension), got {got} and {width}"),
    N_(
        "must equal num_heads * head_dim and be divisible by 4 (mimetic initialization), got {got} "
        "and {heads} * {head}"
    ),
    N_("must be divisible by 4 for sincos2d, got {got}"),
    N_("must be even for sincos1d, got {got}"),
)
_SETS = N_("training"), N_("validation")  # for which images are left
_BLANK = re.compile(r"\\\{(\w+)\\\}")  # of a message, escaped


def word(switch: Switch, value: Any, preset: str) -> str:
    """What a choice is called; of one that is left to the model, what that is.

    Args:
        switch: a choice.
        value: one of its options.
        preset: the model's.
    """
    own, called = PRESETS[preset], tr(switch.options.get(value, str(value)))
    if switch.name == "patch_sizes" and value == "fixed":
        return tr("{choice} ({size})", choice=called, size=own.patch_size)
    if value == "":
        default = tr(switch.options[getattr(own, switch.name)])
        return tr("{choice} ({note})", choice=default, note=called)
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
    if changes["depth"] > MOST_BLOCKS:
        got = short_number(changes["depth"])
        raise FieldError("depth", f"must be an integer <= {MOST_BLOCKS}, got {got}")
    preset = others.get("preset", RECIPES[recipe].preset)
    for name, own in sizes(PRESETS[preset]).items():
        if changes[name] < 1:
            raise FieldError(
                name, f"must be an integer >= {_LEAST}, got {short_number(changes[name])}"
            )
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
    return field, tr("{field} {rule}.", field=label(error.field), rule=_rule(error.rule))


def _rule(words: str) -> str:
    """What a value must be, as `FieldError` says it in English, in the language of the page."""
    for message in _RULES:
        if found := re.fullmatch(_BLANK.sub(r"(?P<\1>.+)", re.escape(message)), words):
            return tr(message, **{name: tr(value) for name, value in found.groupdict().items()})
    return words


def label(name: str) -> str:
    """What a field of `TrainConfig` is called on a page."""
    if name in SWITCHES:
        return tr_within("train", SWITCHES[name].label)
    return tr(_LABELS.get(name) or name.replace("_", " ").capitalize())
