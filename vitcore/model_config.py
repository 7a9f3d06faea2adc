"""What a model is: a frozen record, its presets, and what patch sizes may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
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


class FieldError(ValueError):
    """A value that a field of a configuration cannot have.

    Args:
        field: its name.
        rule: what it must be, and the value received; the message is both.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}")
        self.field, self.rule = field, rule


def choose(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        named = ", ".join(filter(None, allowed))  # "" stands for leaving it out
        raise FieldError(name, f"must be one of {named}, got {value!r}")


def check_whole(name: str, value: int, least: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise FieldError(name, f"must be an integer >= {least}, got {value!r}")
    if most is not None and value > most:
        raise FieldError(name, f"must be an integer <= {most:,}, got {value:,}")


def check_number(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise FieldError(name, f"must be a number, got {value!r}")


def made_from(kind: type, values: dict[str, Any]) -> Any:
    if not isinstance(values, dict):
        raise TypeError(f"{kind.__name__} fields must be a dict, got {type(values).__name__}")
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
            check_whole(name, getattr(self, name), 1, 65_536)
        check_whole("depth", self.depth, 1, 1024)  # each block's weights are listed by name
        check_whole("classes", self.classes, 2, 65_536)
        check_whole("registers", self.registers, 0, 1024)
        check_whole("head_width", self.head_width, 0, 65_536)
        for name in ("norm_epsilon", "dropout", "attention_dropout", "position_dropout"):
            check_number(name, getattr(self, name))
        if not self.head_width and self.width % self.heads:
            raise FieldError(
                "heads",
                f"must divide width (the embedding dimension), got {self.heads} and {self.width}",
            )
        check_patch_size(self.patch_size, self.image_size)
        choose("pooling", self.pooling, ("mean", "class"))
        choose("positions", self.positions, ("learned", "sincos1d", "sincos2d", "none"))
        choose("first_weights", self.first_weights, ("xavier", "mimetic"))
        choose("gelu", self.gelu, ("tanh", "exact"))
        choose("pixel_range", self.pixel_range, ("signed", "unit"))
        all_heads = self.heads * self.d
        if self.first_weights == "mimetic" and (all_heads != self.width or self.width % 4):
            raise FieldError(
                "width",
                "must equal heads * head_width and be divisible by 4 (mimetic initialization), "
                f"got {self.width} and {self.heads} * {self.d}",
            )
        if self.positions == "sincos2d" and self.width % 4:
            raise FieldError("width", f"must be divisible by 4 for sincos2d, got {self.width}")
        if self.positions == "sincos1d" and self.width % 2:
            raise FieldError("width", f"must be even for sincos1d, got {self.width}")
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
            ValueError: unless it is an integer from 1 to image_size.
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
        return made_from(cls, values)


def check_patch_size(patch_size: int, image_size: int = 32) -> int:
    """The patch size as a plain int.

    Raises:
        ValueError: unless it is an integer from 1 to image_size.
    """
    try:
        size = 0 if isinstance(patch_size, bool) else index(patch_size)
    except TypeError:  # not an integer
        size = 0
    if not 1 <= size <= image_size:
        raise ValueError(
            f"patch_size must be an integer from 1 to {image_size} (the image size), "
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
    # ViT-Ti's width and heads (Touvron et al. 2021, table 1), half its depth, flexible in P. With
    # registers heads need no background patch to look at when there is nothing to look for.
    "flexi": ViTConfig(kernel_size=8, first_weights="mimetic", registers=4),
    # The same with a class token and one patch size, as in the ViT paper.
    "plain": ViTConfig(pooling="class"),
}
