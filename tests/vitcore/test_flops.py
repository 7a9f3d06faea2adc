"""Operations of a forward pass, against counts made by hand."""

import pytest

from vitcore.config import PRESETS, ViTConfig
from vitcore.flops import flops


def test_a_small_model_counted_by_hand():
    # 8 x 8 pixels in patches of 4: 4 patches, and a class token before them: 5 tokens of 6 numbers.
    config = ViTConfig(
        image_size=8, patch_size=4, width=6, depth=2, num_heads=3, mlp_dim=10, classes=7,
        pooling="class",
    )  # fmt: skip
    assert flops(config) == {
        "embedding": 2 * 4 * 48 * 6,  # 4 patches of 4 * 4 * 3 numbers
        "qkv": 2 * 2 * 5 * 6 * 18,
        "attention": 2 * 2 * (5 * 5 * 6 + 5 * 5 * 6),  # 3 heads of 2 numbers, twice
        "projection": 2 * 2 * 5 * 6 * 6,
        "mlp": 2 * 2 * (5 * 6 * 10 + 5 * 10 * 6),
        "head": 2 * 6 * 7,
    }


def test_heads_may_be_wider_than_the_tokens():
    parts = flops(PRESETS["article"])  # width 64, 4 heads of 64
    assert parts["qkv"] == 2 * 6 * 64 * 64 * 3 * 256
    assert parts["projection"] == 2 * 6 * 64 * 256 * 64


def test_attention_grows_with_the_square_of_the_tokens():
    fine, coarse = (flops(PRESETS["tiny"], size) for size in (2, 4))
    assert fine["attention"] == 16 * coarse["attention"]
    assert fine["mlp"] == 4 * coarse["mlp"]
    assert fine["embedding"] == coarse["embedding"]  # every pixel once
    assert fine["head"] == coarse["head"]


def test_tokens_before_the_patches_are_counted_too():
    # 4 registers and 64 patches; the embedding is of patches alone.
    parts = flops(PRESETS["flexi"], 4)
    assert parts["attention"] == 2 * 6 * 2 * 68**2 * 192
    assert parts["mlp"] == 2 * 6 * 2 * 68 * 192 * 768
    assert parts["embedding"] == 2 * 64 * 48 * 192


def test_a_size_that_does_not_divide_the_side_has_whole_patches():
    assert flops(PRESETS["flexi"], 3)["embedding"] == 2 * 121 * 27 * 192


def test_impossible_patch_size_is_refused():
    with pytest.raises(ValueError, match="got 0"):
        flops(PRESETS["flexi"], 0)
