"""How a model is trained: a frozen record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, Self

from vitcore.config.checks import (
    FieldError,
    check_fields,
    integer,
    made_from,
    number,
    one_of,
    several,
    string,
)
from vitcore.config.vit import PRESETS, ViTConfig, check_patch_size, grid_side
from vitcore.messages import short_number
from vitcore.stored_names import train_fields

MOST_IN_BATCH = 65_536  # images: more than one epoch holds, and what memory can still take
HIGHEST_RATE = 1e30  # what float32 can hold; far below it every training diverges, and says so
MOST_EPOCHS = 100_000  # far more than any training here needs; beyond, it is a slip of a finger
MOST_CYCLES = 1_000  # each of some steps; more than an average gains from
HIGHEST_SEED = 2**53 - 1  # what JSON and a browser hold to the last digit
LEAST_IMAGES = 10  # to train on and to validate on: one of each class
# Fields that may differ from the preset's, named as in ViTConfig.
_ARCHITECTURE = ("pooling", "positions", "depth", "num_heads", "width", "mlp_dim")
_CIFAR10_TRAIN = 50_000  # images
_FRACTION = number("at least 0 and less than 1", lambda value: 0 <= value < 1)
_PART = number("above 0 and below 1", lambda value: 0 < value < 1)
_UP_TO_ONE = number("between 0 and 1", lambda value: 0 <= value <= 1)
_CHECKS = {
    "data": one_of("cifar10", "sketch10"),
    "preset": lambda name, value: one_of(*PRESETS)(name, value),  # more may be added
    "pooling": one_of("", "mean", "class"),
    "positions": one_of("", "learned", "sincos1d", "sincos2d", "none"),
    **dict.fromkeys(("depth", "num_heads", "width", "mlp_dim"), integer(0, 65_536)),
    "recipe": string,
    "init_from": string,
    "epochs": number(),
    "steps": integer(0),
    "batch_size": integer(1, MOST_IN_BATCH),
    "learning_rate": number(
        f"above 0 and at most {short_number(HIGHEST_RATE)}", lambda value: 0 < value <= HIGHEST_RATE
    ),
    "warmup_ratio": _FRACTION,
    "schedule": one_of("cosine", "plateau"),
    "cycles": integer(1, MOST_CYCLES),
    "plateau_factor": _PART,
    "plateau_patience": integer(1, 10_000),
    "early_stopping": integer(0, 10_000),
    "optimizer": one_of("adamw", "muon", "adam"),
    "weight_decay": _UP_TO_ONE,
    "label_smoothing": _FRACTION,
    "augmentation": one_of("crop-flip", "trivial", "article", "none"),
    "cutmix": _UP_TO_ONE,
    "frozen": several,
    "ema_decay": _FRACTION,
    "patch_sizes": several,
    "patch_size_probs": several,
    "patch_size_probs_end": several,
    "max_tokens": integer(0),
    "sketch_fraction": _FRACTION,
    "validation_split": _PART,
    "num_sketches": integer(10),
    "precision": one_of("float32", "bfloat16"),
    "seed": integer(0, HIGHEST_SEED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained: with the seed, everything a run depends on."""

    data: str = "cifar10"  # "cifar10" or "sketch10"
    preset: str = "tiny"  # a name in PRESETS
    pooling: str = ""  # as in ViTConfig; "" means the preset's own
    positions: str = ""  # as in ViTConfig; "" means the preset's own
    depth: int = 0  # L, encoder blocks; of this and the next three 0 means the preset's own
    num_heads: int = 0  # H
    width: int = 0  # D, embedding dimension
    mlp_dim: int = 0  # hidden dimension of the MLP in a block
    recipe: str = "standard"  # the name in RECIPES this came from
    init_from: str = ""  # initial weights: a model's name or folder; "" draws them
    epochs: float = 5.0  # passes over the training set
    steps: int = 0  # optimizer steps; 0 means as many as the epochs need
    batch_size: int = 128  # B, images per step
    learning_rate: float = 1e-3  # its peak
    warmup_ratio: float = 0.05  # fraction of all steps in which the rate rises from zero
    schedule: str = "cosine"  # "cosine" decay to zero, or reduced on a "plateau"
    cycles: int = 1  # of the cosine; if more, the model is the mean of their ends and its start
    plateau_factor: float = 0.8  # of the rate on a plateau; the article's, like the next
    plateau_patience: int = 5  # epochs without a lower validation loss that make a plateau
    early_stopping: int = 0  # epochs without a lower validation loss that end the run; 0 means none
    optimizer: str = "adamw"  # "adamw", "muon" (orthogonal steps for matrices) or "adam"
    weight_decay: float = 0.05  # decoupled, on matrices only
    label_smoothing: float = 0.0  # in [0, 1)
    augmentation: str = "crop-flip"  # "crop-flip", "trivial", "article" or "none"
    cutmix: float = 0.0  # probability that a piece of another image is pasted in, in [0, 1]
    frozen: tuple[str, ...] = ()  # suffixes of names of weights that are not trained
    ema_decay: float = 0.0  # of the weights' moving average; 0 means none is kept
    patch_sizes: tuple[int, ...] = ()  # sampled at each step; () means the model's own
    patch_size_probs: tuple[float, ...] = ()  # of each, up to a factor; () means uniform
    patch_size_probs_end: tuple[float, ...] = ()  # at the end; between, in a straight line
    max_tokens: int = 0  # most patches in a batch: smaller ones see fewer images; 0 means any
    sketch_fraction: float = 0.0  # fraction of each batch replaced by sketch10
    validation_split: float = 0.1  # fraction of the training set, by class
    num_sketches: int = 10_000  # sketch10's training set: an epoch of it, or what is mixed in
    precision: str = "float32"  # "float32" or "bfloat16" (weights stay float32)
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, _CHECKS)
        if not self.steps and not 0 < self.epochs <= MOST_EPOCHS:
            raise FieldError(
                "epochs",
                f"must be above 0 and at most {MOST_EPOCHS:,}, got {short_number(self.epochs)}",
            )
        self._check_cycles()
        self._check_validation()
        self._check_patch_sizes()
        for suffix in self.frozen:
            if not (isinstance(suffix, str) and suffix):
                rule = "must list suffixes of weight names, e.g. norm1/scale"
                raise FieldError("frozen", f"{rule}, got {suffix!r}")
        self.model_config()  # widths that do not match

    def _check_cycles(self) -> None:
        if self.steps and self.cycles > self.steps:
            raise FieldError("cycles", f"must be <= steps ({self.steps:,}), got {self.cycles}")
        if self.cycles > 1 and (self.schedule != "cosine" or self.early_stopping):
            raise ValueError(
                "cycles > 1 need schedule=cosine and early_stopping=0, "
                f"got {self.cycles}, {self.schedule} and {self.early_stopping}"
            )

    def _check_validation(self) -> None:
        """Enough images on either side, where CIFAR-10 is whole."""
        of = self.num_sketches if self.data == "sketch10" else _CIFAR10_TRAIN
        validation = round(of * self.validation_split)
        sides = {"validation": validation}
        if self.data == "cifar10":  # of sketch10 as many more are drawn as are validated on
            sides["training"] = of - validation
        for what, count in sides.items():
            if count < min(LEAST_IMAGES, of // 10):
                rule = f"must leave at least {LEAST_IMAGES} images for {what}"
                raise FieldError("validation_split", f"{rule}, got {count:,} of {of:,}")

    def _check_patch_sizes(self) -> None:
        for size in self.patch_sizes:
            check_patch_size(size)
        for name in ("patch_size_probs", "patch_size_probs_end"):
            if (value := getattr(self, name)) and len(value) != len(self.patch_sizes):
                raise FieldError(
                    name,
                    f"needs one number per patch size, got {len(value)} and "
                    f"{len(self.patch_sizes)}",
                )
            for one in value:
                number()(name, one)
            if value and not (min(value) >= 0 and 0 < sum(value) < inf):
                raise FieldError(name, f"must not be negative, nor all zero, got {value}")

    def model_config(self) -> ViTConfig:
        """What is trained: the preset, but for what this record says otherwise."""
        own = {name: value for name in _ARCHITECTURE if (value := getattr(self, name))}
        return replace(PRESETS[self.preset], **own)

    @property
    def images_per_epoch(self) -> int:
        """How many images one epoch trains on, where CIFAR-10 is whole."""
        if self.data == "sketch10":
            return self.num_sketches
        return _CIFAR10_TRAIN - round(_CIFAR10_TRAIN * self.validation_split)

    def batch_at(self, patch_size: int) -> int:
        """How many images a step at one patch size takes, within max_tokens."""
        if not self.max_tokens:
            return self.batch_size
        return min(self.batch_size, max(1, self.max_tokens // grid_side(patch_size) ** 2))

    def replace(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def check_goes_on(self, before: Self) -> None:
        """A run that began as `before` may go on as this only where they are the same.

        Raises:
            ValueError: where they differ, with both values.
        """
        was, now = before.to_dict(), self.to_dict()
        odd = [f"{name} ({was[name]} and {now[name]})" for name in was if was[name] != now[name]]
        if odd:
            raise ValueError(
                f"cannot resume: configuration differs from the saved run: {', '.join(odd)}"
            )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild from `to_dict`, of an earlier version too; an unknown name is a TypeError."""
        return made_from(cls, train_fields(values))
