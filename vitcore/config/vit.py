"""What a model is: a frozen record, its presets, and what patch sizes may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from operator import index
from typing import Any, Self

from vitcore import stored_names
from vitcore.config.checks import FieldError, check_fields, integer, made_from, number, one_of
from vitcore.stored_names import renamed

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

_SIDE = integer(1, 65_536)  # pixels, patches or dimensions
_IMAGE_SIDE = integer(1, 1024)  # pixels; the patches of a larger image take gigabytes
_RATE = number("in [0, 1)", lambda value: 0 <= value < 1)
_CHECKS = {
    "image_size": _IMAGE_SIDE,
    "patch_embed_size": _SIDE,
    "pos_embed_grid": _SIDE,
    "width": _SIDE,
    "depth": integer(1, 1024),  # each block's weights are listed by name
    "num_heads": _SIDE,
    "head_dim": integer(0, 65_536),
    "mlp_dim": _SIDE,
    "classes": integer(2, 65_536),
    "pooling": one_of("mean", "class"),
    "registers": integer(0, 1024),
    "positions": one_of("learned", "sincos1d", "sincos2d", "none"),
    "weight_init": one_of("xavier", "mimetic"),
    "layer_norm_eps": number("above 0", lambda value: value > 0),
    "gelu": one_of("tanh", "exact"),
    "pixel_range": one_of("signed", "unit"),
    "dropout": _RATE,
    "attention_dropout": _RATE,
    "position_dropout": _RATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViTConfig:
    """Everything needed to rebuild a model, and nothing about how it was trained.

    Letters in every shape comment of this package:
    B batch · P patch size · G grid side · N patches, G*G · T tokens, num_prefix_tokens + N ·
    D width · H heads · d head dimension · L blocks · C classes

    Source: Dosovitskiy et al. 2021, section 3.1, https://arxiv.org/abs/2010.11929
    """

    image_size: int = 32  # pixels per side; images are square
    patch_size: int = 4  # P, pixels per side, where a call names none
    patch_embed_size: int = 4  # side at which the patch embedding's kernel is stored
    pos_embed_grid: int = 8  # side of the grid at which learned position embeddings are stored
    width: int = 192  # D, embedding dimension
    depth: int = 6  # L, encoder blocks
    num_heads: int = 3  # H
    head_dim: int = 0  # d; 0 means width / num_heads
    mlp_dim: int = 768  # hidden dimension of the MLP in a block
    classes: int = 10  # C
    pooling: str = "mean"  # "mean" of the patches' tokens, or the "class" token
    registers: int = 0  # register tokens, before the patches
    positions: str = "learned"  # position embedding: "learned", "sincos1d", "sincos2d" or "none"
    weight_init: str = "xavier"  # or "mimetic": attention begins as a trained one looks
    qk_norm: bool = False  # LayerNorm of queries and keys, per head
    layer_norm_eps: float = 1e-6  # added to the variance in every LayerNorm
    gelu: str = "tanh"  # "tanh" approximation or the "exact" erf form
    mlp_output_gelu: bool = False  # a second GELU after the MLP's output, as in the article
    pixel_range: str = "signed"  # pixels reach the model in [-1, 1] ("signed") or [0, 1] ("unit")
    dropout: float = 0.0  # of the MLP's activations, in [0, 1)
    attention_dropout: float = 0.0  # of attention weights, in [0, 1)
    position_dropout: float = 0.0  # after position embeddings are added, in [0, 1)

    def __post_init__(self) -> None:
        check_fields(self, _CHECKS)
        check_patch_size(self.patch_size, self.image_size)
        if not self.head_dim and self.width % self.num_heads:
            raise FieldError(
                "num_heads",
                "must divide width (the embedding dimension), "
                f"got {self.num_heads} and {self.width}",
            )
        all_heads = self.num_heads * self.d
        if self.weight_init == "mimetic" and (all_heads != self.width or self.width % 4):
            raise FieldError(
                "width",
                "must equal num_heads * head_dim and be divisible by 4 (mimetic initialization), "
                f"got {self.width} and {self.num_heads} * {self.d}",
            )
        if self.positions == "sincos2d" and self.width % 4:
            raise FieldError("width", f"must be divisible by 4 for sincos2d, got {self.width}")
        if self.positions == "sincos1d" and self.width % 2:
            raise FieldError("width", f"must be even for sincos1d, got {self.width}")

    @property
    def d(self) -> int:
        """d, dimension of one head."""
        return self.head_dim or self.width // self.num_heads

    @property
    def num_prefix_tokens(self) -> int:
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
        return self.num_prefix_tokens + self.grid_side(patch_size) ** 2

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild from `to_dict`, of an earlier version too; an unknown name is a TypeError."""
        return made_from(cls, renamed(values, stored_names.VIT))


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
        num_heads=4,
        head_dim=64,
        mlp_dim=128,
        layer_norm_eps=1e-3,
        gelu="exact",
        mlp_output_gelu=True,
        pixel_range="unit",
        dropout=0.1,
        attention_dropout=0.1,
        position_dropout=0.2,
    ),
    # Small enough to learn something in a minute on two cores.
    "tiny": ViTConfig(width=64, depth=4, num_heads=4, mlp_dim=256),
    # ViT-Ti's width and heads (Touvron et al. 2021, table 1), half its depth, flexible in P. With
    # registers heads need no background patch to look at when there is nothing to look for.
    "flexi": ViTConfig(patch_embed_size=8, weight_init="mimetic", registers=4),
    # The same with a class token and one patch size, as in the ViT paper.
    "plain": ViTConfig(pooling="class"),
}
