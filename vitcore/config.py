"""What a model is and how it is trained, as two frozen records with their presets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from math import inf
from numbers import Real
from operator import index
from typing import Any, Self

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

# One patch size per grid: on 32 pixels these give 16, 11, 8, 6, 5, 4, 3, 2 and 1 patches a side.
PATCH_SIZES = (2, 3, 4, 5, 6, 8, 11, 16, 32)

MOST_IN_BATCH = 65_536  # pictures: more than one epoch holds, and what memory can still take
_FINITE = 1e300
_SHARES = ("warmup", "label_smoothing", "average", "sketch_share")  # of TrainConfig, in [0, 1)


def _choose(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _check_whole(name: str, value: int, least: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, got {value!r}")
    if most is not None and value > most:
        raise ValueError(f"{name} must be a whole number, at most {most:,}, got {value:,}")


def _check_number(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} must be a number, got {value!r}")


def _from_dict(kind: type, values: dict[str, Any]) -> Any:
    if not isinstance(values, dict):
        raise TypeError(f"a {kind.__name__} is made from a dict, got {type(values).__name__}")
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(unknown)}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ViTConfig:
    """Everything needed to rebuild a model, and nothing about how it was trained.

    Letters in every shape comment of this package:
    B batch · P patch size · G grid side · N patches, G*G · T tokens, prefix + N · D width ·
    H heads · d head width · L blocks · C classes

    Source: Dosovitskiy et al. 2021, section 3.1, https://arxiv.org/abs/2010.11929
    """

    image_size: int = 32  # pixels per side; images are square
    patch_size: int = 4  # P, pixels per side, where a call names none
    kernel_size: int = 4  # side at which the embedding kernel is stored
    position_grid: int = 8  # side at which learned positions are stored
    width: int = 192  # D, length of one token
    depth: int = 6  # L, encoder blocks
    heads: int = 3  # H
    head_width: int = 0  # d; 0 means width / heads
    mlp_width: int = 768  # hidden units of the MLP in a block
    classes: int = 10  # C
    pooling: str = "mean"  # "mean" of the patches' tokens, or the "class" token
    registers: int = 0  # further learned tokens before the patches, dropped at the end
    positions: str = "learned"  # "learned", "sincos1d", "sincos2d" or "none"
    first_weights: str = "xavier"  # drawn alike, or "mimetic": they begin as trained ones look
    qk_norm: bool = False  # layer norm of queries and keys, per head
    norm_epsilon: float = 1e-6  # added to the variance in every layer norm
    gelu: str = "tanh"  # "tanh" approximation or the "exact" erf form
    mlp_ends_in_gelu: bool = False  # a second GELU after the MLP's output, as in the article
    pixel_range: str = "signed"  # pixels reach the model in [-1, 1] ("signed") or [0, 1] ("unit")
    dropout: float = 0.0  # of the MLP's activations, in [0, 1)
    attention_dropout: float = 0.0  # of attention weights, in [0, 1)
    position_dropout: float = 0.0  # after positions are added, in [0, 1)

    def __post_init__(self) -> None:
        for name in (
            "image_size",
            "kernel_size",
            "position_grid",
            "width",
            "heads",
            "mlp_width",
        ):
            _check_whole(name, getattr(self, name), 1, 65_536)
        _check_whole("depth", self.depth, 1, 1024)  # each block's weights are listed by name
        _check_whole("classes", self.classes, 2, 65_536)
        _check_whole("registers", self.registers, 0, 1024)
        _check_whole("head_width", self.head_width, 0, 65_536)
        for name in ("norm_epsilon", "dropout", "attention_dropout", "position_dropout"):
            _check_number(name, getattr(self, name))
        if not self.head_width and self.width % self.heads:
            raise ValueError(f"heads must divide width, got {self.heads} and {self.width}")
        check_patch_size(self.patch_size, self.image_size)
        _choose("pooling", self.pooling, ("mean", "class"))
        _choose("positions", self.positions, ("learned", "sincos1d", "sincos2d", "none"))
        _choose("first_weights", self.first_weights, ("xavier", "mimetic"))
        _choose("gelu", self.gelu, ("tanh", "exact"))
        _choose("pixel_range", self.pixel_range, ("signed", "unit"))
        all_heads = self.heads * self.d
        if self.first_weights == "mimetic" and (all_heads != self.width or self.width % 4):
            raise ValueError(
                "mimetic first weights need heads that together are as wide as a token, and that "
                f"width divisible by 4, got {self.heads} x {self.d} and {self.width}"
            )
        if self.positions == "sincos2d" and self.width % 4:
            raise ValueError(f"sincos2d needs a width divisible by 4, got {self.width}")
        if self.positions == "sincos1d" and self.width % 2:
            raise ValueError(f"sincos1d needs an even width, got {self.width}")
        if not self.norm_epsilon > 0:
            raise ValueError(f"norm_epsilon must be above 0, got {self.norm_epsilon}")
        for name in ("dropout", "attention_dropout", "position_dropout"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {value}")

    @property
    def d(self) -> int:
        """Width of one head."""
        return self.head_width or self.width // self.heads

    @property
    def prefix(self) -> int:
        """Tokens before the patches: the class token, if there is one, then registers."""
        return (self.pooling == "class") + self.registers

    def chosen_patch_size(self, patch_size: int | None = None) -> int:
        """P as a plain int: `patch_size`, or the model's own where it is None.

        Raises:
            ValueError: unless it is a whole number in 1..image_size.
        """
        chosen = self.patch_size if patch_size is None else patch_size
        return check_patch_size(chosen, self.image_size)

    def grid_side(self, patch_size: int | None = None) -> int:
        """G, patches along one side at `patch_size` (default: the model's own)."""
        return grid_side(self.chosen_patch_size(patch_size), self.image_size)

    def tokens(self, patch_size: int | None = None) -> int:
        """T, tokens in the sequence at `patch_size`."""
        return self.prefix + self.grid_side(patch_size) ** 2

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild from `to_dict`. An unknown name is a TypeError, never ignored."""
        return _from_dict(cls, values)


def check_patch_size(patch_size: int, image_size: int = 32) -> int:
    """The patch size as a plain int.

    Raises:
        ValueError: unless it is a whole number in 1..image_size.
    """
    try:
        size = 0 if isinstance(patch_size, bool) else index(patch_size)
    except TypeError:  # not a whole number
        size = 0
    if not 1 <= size <= image_size:
        raise ValueError(
            f"patch_size must be a whole number in 1..{image_size}, the picture's side, "
            f"got {patch_size!r}"
        )
    return size


def grid_side(patch_size: int, image_size: int = 32) -> int:
    """G, the whole number of patches along a side that comes closest to image_size / P."""
    return max(1, round(image_size / check_patch_size(patch_size, image_size)))


PRESETS: dict[str, ViTConfig] = {
    # The article's network: suvoooo/Learn-TensorFlow, ViT_TensorFlow; 507,210 parameters.
    "article": ViTConfig(
        width=64,
        heads=4,
        head_width=64,
        mlp_width=128,
        norm_epsilon=1e-3,
        gelu="exact",
        mlp_ends_in_gelu=True,
        pixel_range="unit",
        dropout=0.1,
        attention_dropout=0.1,
        position_dropout=0.2,
    ),
    # Small enough to learn something in a minute on two cores.
    "tiny": ViTConfig(width=64, depth=4, heads=4, mlp_width=256),
    # ViT-Ti's width and heads (Touvron et al. 2021, table 1), half its depth, flexible in P.
    "flexi": ViTConfig(kernel_size=8, first_weights="mimetic"),
    # The same with a class token and one patch size, as in the ViT paper.
    "plain": ViTConfig(pooling="class"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained: with the seed, everything a run depends on."""

    data: str = "cifar10"  # "cifar10" or "sketch10"
    preset: str = "tiny"  # a name in PRESETS
    recipe: str = "standard"  # the name in RECIPES this came from
    epochs: float = 5.0  # passes over the training pictures
    steps: int = 0  # optimiser steps; 0 means as many as the epochs need
    batch_size: int = 128  # B, pictures per step
    learning_rate: float = 1e-3  # the highest one
    warmup: float = 0.05  # share of all steps in which the rate rises from zero
    schedule: str = "cosine"  # "cosine" to zero, or "plateau": x 0.8 after 5 epochs without gain
    optimizer: str = "adamw"  # "adamw", "muon" (orthogonal steps for matrices) or "adam"
    weight_decay: float = 0.05  # decoupled, on matrices only
    label_smoothing: float = 0.0  # in [0, 1)
    augmentation: str = "crop-flip"  # "crop-flip", "article" or "none"
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
        _choose("data", self.data, ("cifar10", "sketch10"))
        _choose("preset", self.preset, tuple(PRESETS))
        _choose("schedule", self.schedule, ("cosine", "plateau"))
        _choose("optimizer", self.optimizer, ("adamw", "muon", "adam"))
        _choose("augmentation", self.augmentation, ("crop-flip", "article", "none"))
        _choose("precision", self.precision, ("float32", "bfloat16"))
        if not isinstance(self.recipe, str):
            raise ValueError(f"recipe must be a word, got {self.recipe!r}")
        for name in ("patch_sizes", "patch_weights", "patch_weights_end"):
            if not isinstance(value := getattr(self, name), tuple):
                raise ValueError(f"{name} must be a list, got {value!r}")
        for name in ("epochs", "learning_rate", "validation", "weight_decay", *_SHARES):
            _check_number(name, getattr(self, name))
        _check_whole("steps", self.steps, 0)
        if not self.steps and not 0 < self.epochs < _FINITE:
            raise ValueError(f"epochs must be above 0 and finite, got {self.epochs}")
        _check_whole("batch_size", self.batch_size, 1, MOST_IN_BATCH)
        _check_whole("train_size", self.train_size, 10)
        _check_whole("seed", self.seed, 0)
        _check_whole("token_budget", self.token_budget, 0)
        if not 0 < self.learning_rate <= 1:
            raise ValueError(
                f"learning_rate must be above 0 and at most 1, got {self.learning_rate}"
            )
        if not 0 < self.validation < 1:
            raise ValueError(f"validation must be between 0 and 1, got {self.validation}")
        for name in _SHARES:
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {value}")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay must not be negative, got {self.weight_decay}")
        for name in ("patch_weights", "patch_weights_end"):
            if (value := getattr(self, name)) and len(value) != len(self.patch_sizes):
                raise ValueError(
                    f"{name} needs one number per patch size, "
                    f"got {len(value)} and {len(self.patch_sizes)}"
                )
            for weight in value:
                _check_number(name, weight)
            if value and not (min(value) >= 0 and 0 < sum(value) < inf):
                raise ValueError(f"{name} must not be negative, nor all zero, got {value}")
        for size in self.patch_sizes:
            check_patch_size(size)

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
                f"a run goes on as it began, but its folder and this call differ: {', '.join(odd)}"
            )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild from `to_dict`. An unknown name is a TypeError, never ignored."""
        return _from_dict(cls, values)


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
    # How the bundled patch-flexible model is made: coarse patches first, they are cheap and
    # teach the blocks; finer ones later. After FlexiViT, https://arxiv.org/abs/2212.08013
    "flexi-cifar10": TrainConfig(
        preset="flexi",
        recipe="flexi-cifar10",
        epochs=28.0,
        learning_rate=2e-3,
        optimizer="muon",
        label_smoothing=0.1,
        average=0.999,
        patch_sizes=PATCH_SIZES,
        patch_weights=(0.00, 0.00, 0.08, 0.06, 0.08, 0.60, 0.06, 0.10, 0.02),
        patch_weights_end=(0.06, 0.08, 0.46, 0.10, 0.08, 0.14, 0.04, 0.03, 0.01),
        token_budget=8192,
        sketch_share=0.15,
        train_size=20_000,
        validation=0.02,
        precision="bfloat16",
    ),
    # Its twin, trained at its own patch size alone, from first weights that are drawn alike.
    "plain-cifar10": TrainConfig(
        preset="plain",
        recipe="plain-cifar10",
        epochs=8.0,
        learning_rate=2e-3,
        optimizer="muon",
        label_smoothing=0.1,
        average=0.999,
        sketch_share=0.15,
        train_size=20_000,
        validation=0.02,
        precision="bfloat16",
    ),
}
