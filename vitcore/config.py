"""How a model is trained: a frozen record and its recipes; what a model is comes along."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, Self

from vitcore.model_config import (
    CLASS_NAMES,
    PATCH_SIZES,
    PRESETS,
    FieldError,
    ViTConfig,
    check_number,
    check_patch_size,
    check_whole,
    choose,
    grid_side,
    made_from,
)

__all__ = [
    "CLASS_NAMES",
    "PATCH_SIZES",
    "PRESETS",
    "RECIPES",
    "FieldError",
    "TrainConfig",
    "ViTConfig",
    "check_patch_size",
    "grid_side",
]

MOST_IN_BATCH = 65_536  # pictures: more than one epoch holds, and what memory can still take
HIGHEST_RATE = 1e30  # what float32 can hold; far below it every training falls apart, and says so
MOST_EPOCHS = 100_000  # far more than any training here needs; beyond, it is a slip of a finger
MOST_CYCLES = 1_000  # each of some steps; more than a mean gains from
HIGHEST_SEED = 2**53 - 1  # what JSON and a browser hold to the last digit
LEAST_PICTURES = 10  # trained on and held back: one of each class
_CIFAR10_TRAIN = 50_000  # pictures
_NUMBERS = (
    "cutmix",
    "epochs",
    "learning_rate",
    "plateau_factor",
    "validation",
    "weight_decay",
)
_ARCHITECTURE = {  # fields that may differ from the preset's, as ViTConfig names them
    "pooling": "pooling",
    "positions": "positions",
    "depth": "depth",
    "num_heads": "heads",
    "width": "width",
    "mlp_dim": "mlp_width",
}
_SHARES = ("warmup", "label_smoothing", "average", "sketch_share")  # in [0, 1)


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
    mlp_dim: int = 0  # hidden units of the MLP in a block
    recipe: str = "standard"  # the name in RECIPES this came from
    start: str = ""  # a model whose weights it begins with: a name or a folder; "" draws them
    epochs: float = 5.0  # passes over the training pictures
    steps: int = 0  # optimiser steps; 0 means as many as the epochs need
    batch_size: int = 128  # B, pictures per step
    learning_rate: float = 1e-3  # the highest one
    warmup: float = 0.05  # share of all steps in which the rate rises from zero
    schedule: str = "cosine"  # "cosine" to zero, or "plateau": less after epochs without gain
    cycles: int = 1  # cosines; of several, the model is the mean of those at their ends and `start`
    plateau_factor: float = 0.8  # what a plateau leaves of the rate; the article's, like the next
    plateau_patience: int = 5  # epochs without a lower validation loss that make a plateau
    early_stopping: int = 0  # epochs without a lower validation loss that end the run; 0 means none
    optimizer: str = "adamw"  # "adamw", "muon" (orthogonal steps for matrices) or "adam"
    weight_decay: float = 0.05  # decoupled, on matrices only
    label_smoothing: float = 0.0  # in [0, 1)
    augmentation: str = "crop-flip"  # "crop-flip", "trivial", "article" or "none"
    cutmix: float = 0.0  # share of the pictures into which a piece of another is pasted, in [0, 1]
    frozen: tuple[str, ...] = ()  # ends of names of weights that stay as they began
    average: float = 0.0  # decay of the weights' moving average; 0 means none is kept
    patch_sizes: tuple[int, ...] = ()  # drawn from at random each step; () means the model's own
    patch_weights: tuple[float, ...] = ()  # how often each at the start; () means equally
    patch_weights_end: tuple[float, ...] = ()  # and at the end; between, in a straight line
    token_budget: int = 0  # most tokens in a batch: finer patches see fewer pictures; 0 means none
    sketch_share: float = 0.0  # share of each batch drawn from sketch10
    validation: float = 0.1  # share of the training pictures held back, by class
    train_size: int = 10_000  # pictures in one epoch of sketch10
    precision: str = "float32"  # "float32" or "bfloat16" (weights stay float32)
    seed: int = 0

    def __post_init__(self) -> None:
        choose("data", self.data, ("cifar10", "sketch10"))
        choose("preset", self.preset, tuple(PRESETS))
        choose("pooling", self.pooling, ("", "mean", "class"))
        choose("positions", self.positions, ("", "learned", "sincos1d", "sincos2d", "none"))
        choose("schedule", self.schedule, ("cosine", "plateau"))
        choose("optimizer", self.optimizer, ("adamw", "muon", "adam"))
        choose("augmentation", self.augmentation, ("crop-flip", "trivial", "article", "none"))
        choose("precision", self.precision, ("float32", "bfloat16"))
        for name in ("recipe", "start"):
            if not isinstance(value := getattr(self, name), str):
                raise ValueError(f"{name} must be a string, got {value!r}")
        for name in ("patch_sizes", "patch_weights", "patch_weights_end", "frozen"):
            if not isinstance(value := getattr(self, name), tuple):
                raise ValueError(f"{name} must be a list, got {value!r}")
        for name in (*_NUMBERS, *_SHARES):
            check_number(name, getattr(self, name))
        for name in ("depth", "num_heads", "width", "mlp_dim"):
            check_whole(name, getattr(self, name), 0, 65_536)
        check_whole("steps", self.steps, 0)
        if not self.steps and not 0 < self.epochs <= MOST_EPOCHS:
            raise FieldError(
                "epochs", f"must be above 0 and at most {MOST_EPOCHS:,}, got {self.epochs}"
            )
        check_whole("batch_size", self.batch_size, 1, MOST_IN_BATCH)
        check_whole("train_size", self.train_size, 10)
        check_whole("seed", self.seed, 0, HIGHEST_SEED)
        check_whole("token_budget", self.token_budget, 0)
        if not 0 < self.learning_rate <= HIGHEST_RATE:
            raise FieldError(
                "learning_rate",
                f"must be above 0 and at most {HIGHEST_RATE:g}, got {self.learning_rate}",
            )
        if not 0 < self.plateau_factor < 1:
            raise FieldError(
                "plateau_factor", f"must be above 0 and below 1, got {self.plateau_factor}"
            )
        check_whole("plateau_patience", self.plateau_patience, 1, 10_000)
        check_whole("early_stopping", self.early_stopping, 0, 10_000)
        self._check_cycles()
        self._check_validation()
        for name in _SHARES:
            if not 0 <= (value := getattr(self, name)) < 1:
                raise FieldError(name, f"must be at least 0 and less than 1, got {value}")
        for name in ("weight_decay", "cutmix"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise FieldError(name, f"must be between 0 and 1, got {value}")
        for name in ("patch_weights", "patch_weights_end"):
            if (value := getattr(self, name)) and len(value) != len(self.patch_sizes):
                raise ValueError(
                    f"{name} needs one number per patch size, "
                    f"got {len(value)} and {len(self.patch_sizes)}"
                )
            for weight in value:
                check_number(name, weight)
            if value and not (min(value) >= 0 and 0 < sum(value) < inf):
                raise ValueError(f"{name} must not be negative, nor all zero, got {value}")
        for size in self.patch_sizes:
            check_patch_size(size)
        for end in self.frozen:
            if not (isinstance(end, str) and end):
                raise ValueError(
                    f"frozen must list suffixes of weight names, e.g. norm1/scale, got {end!r}"
                )

        self.model_config()  # widths that do not match

    def _check_cycles(self) -> None:
        check_whole("cycles", self.cycles, 1, MOST_CYCLES)
        if self.steps and self.cycles > self.steps:
            raise ValueError(f"cycles must be <= steps ({self.steps:,}), got {self.cycles}")
        if self.cycles > 1 and (self.schedule != "cosine" or self.early_stopping):
            raise ValueError(
                "cycles > 1 need schedule=cosine and early_stopping=0, "
                f"got {self.cycles}, {self.schedule} and {self.early_stopping}"
            )

    def _check_validation(self) -> None:
        """Enough pictures on either side, where CIFAR-10 is whole."""
        if not 0 < self.validation < 1:
            raise FieldError("validation", f"must be above 0 and below 1, got {self.validation}")
        all_pictures = self.train_size if self.data == "sketch10" else _CIFAR10_TRAIN
        held_back = round(all_pictures * self.validation)
        sides = {"validation": held_back}
        if self.data == "cifar10":  # of sketch10 as many more are drawn as are held back
            sides["training"] = all_pictures - held_back
        for what, count in sides.items():
            if count < min(LEAST_PICTURES, all_pictures // 10):
                raise FieldError(
                    "validation",
                    f"must leave at least {LEAST_PICTURES} images for {what}, got {count:,} of "
                    f"{all_pictures:,}",
                )

    def model_config(self) -> ViTConfig:
        """What is trained: the preset, but for what this record says otherwise."""
        own = {
            called: value
            for name, called in _ARCHITECTURE.items()
            if (value := getattr(self, name))
        }
        return replace(PRESETS[self.preset], **own)

    @property
    def pictures_per_epoch(self) -> int:
        """How many pictures one epoch trains on, where CIFAR-10 is whole."""
        if self.data == "sketch10":
            return self.train_size
        return _CIFAR10_TRAIN - round(_CIFAR10_TRAIN * self.validation)

    def batch_at(self, patch_size: int) -> int:
        """How many pictures the steps at one patch size take, within the token budget."""
        if not self.token_budget:
            return self.batch_size
        return min(self.batch_size, max(1, self.token_budget // grid_side(patch_size) ** 2))

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
        """Rebuild from `to_dict`. An unknown name is a TypeError, never ignored."""
        return made_from(cls, values)


RECIPES: dict[str, TrainConfig] = {
    # Warm-up, cosine, AdamW, flips and shifted crops.
    "standard": TrainConfig(label_smoothing=0.1),
    # The notebook's pipeline to the letter; one validation picture in five, 120 epochs.
    "article": TrainConfig(
        preset="article",
        recipe="article",
        epochs=120.0,
        learning_rate=2e-3,
        warmup=0.0,
        schedule="plateau",
        optimizer="adam",
        weight_decay=0.0,
        augmentation="article",
        validation=0.2,
    ),
    # How the bundled patch-flexible model begins; in four minutes of one H100; by its operations
    # half a day of two cores; `flexi-cifar10-mean` goes on. After FlexiViT, https://arxiv.org/abs/2212.08013
    "flexi-cifar10": TrainConfig(
        preset="flexi",
        recipe="flexi-cifar10",
        epochs=283.0,
        batch_size=1024,
        learning_rate=3e-3,
        optimizer="muon",
        weight_decay=0.003,  # at 0.05 the first block's attention goes flat
        # Queries, keys and values share one gain: as Muon lets the values grow it shrinks, and with
        # it what queries and keys tell apart, until the first block looks everywhere alike.
        frozen=("norm1/scale",),
        augmentation="trivial",
        label_smoothing=0.1,
        average=0.999,
        patch_sizes=PATCH_SIZES,
        patch_weights=(0.03, 0.05, 0.30, 0.10, 0.10, 0.30, 0.05, 0.06, 0.01),
        patch_weights_end=(0.16, 0.14, 0.45, 0.06, 0.06, 0.08, 0.03, 0.015, 0.005),
        token_budget=65_536,
        sketch_share=0.1,
        train_size=20_000,
        validation=0.02,
        precision="bfloat16",
    ),
    # Its twin, trained at its own patch size alone, with as many operations as this beginning and
    # first weights that are drawn alike.
    "plain-cifar10": TrainConfig(
        preset="plain",
        recipe="plain-cifar10",
        epochs=214.0,
        batch_size=1024,
        learning_rate=3e-3,
        optimizer="muon",
        weight_decay=0.003,
        frozen=("norm1/scale",),
        augmentation="trivial",
        label_smoothing=0.1,
        average=0.999,
        sketch_share=0.1,
        train_size=20_000,
        validation=0.02,
        precision="bfloat16",
    ),
}
# The same where there is no GPU: in two hours of two cores 86 % of the test pictures are right at
# patch size 4. Coarse patches first: they are cheap and teach the blocks; finer ones later.
RECIPES["flexi-cifar10-cpu"] = RECIPES["flexi-cifar10"].replace(
    recipe="flexi-cifar10-cpu",
    epochs=60.0,
    batch_size=128,
    learning_rate=2e-3,
    patch_weights=(0.00, 0.00, 0.08, 0.06, 0.08, 0.60, 0.06, 0.10, 0.02),
    patch_weights_end=(0.06, 0.08, 0.46, 0.10, 0.08, 0.14, 0.04, 0.03, 0.01),
    token_budget=8192,
    sketch_share=0.15,
)
# Where flexi-cifar10 goes on from (`start`): mean of it and of what it becomes in seven short
# trainings on mixed pictures, each from the last; in an hour of two cores. After Izmailov et al.
# 2018, https://arxiv.org/abs/1803.05407
RECIPES["flexi-cifar10-mean"] = RECIPES["flexi-cifar10-cpu"].replace(
    recipe="flexi-cifar10-mean",
    steps=5_250,
    cycles=7,
    learning_rate=1e-3,
    cutmix=0.5,
    average=0.0,
    patch_weights=(0.16, 0.12, 0.44, 0.06, 0.06, 0.10, 0.03, 0.025, 0.005),
    patch_weights_end=(),
    sketch_share=0.1,
)
# And on from there with the finest patches, of which a step of as many operations sees the fewest
# pictures: the mean goes on with five more.
RECIPES["flexi-cifar10-fine"] = RECIPES["flexi-cifar10-mean"].replace(
    recipe="flexi-cifar10-fine",
    steps=3_750,
    cycles=5,
    patch_weights=(0.55, 0.10, 0.25, 0.02, 0.02, 0.045, 0.008, 0.005, 0.002),
)
# The twin goes on in the same way, at its own patch size.
RECIPES["plain-cifar10-mean"] = RECIPES["plain-cifar10"].replace(
    recipe="plain-cifar10-mean",
    steps=3_750,
    cycles=5,
    batch_size=128,
    learning_rate=1e-3,
    cutmix=0.5,
    average=0.0,
)
