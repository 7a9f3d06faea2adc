"""Configs refuse what no model could be built from, and say why."""

import dataclasses
import json

import numpy as np
import pytest

from vitcore.config import (
    CLASS_NAMES,
    PATCH_SIZES,
    PRESETS,
    RECIPES,
    TrainConfig,
    ViTConfig,
    check_patch_size,
    grid_side,
)


@pytest.mark.parametrize(
    ("patch_size", "side"),
    [(1, 32), (2, 16), (3, 11), (4, 8), (5, 6), (6, 5), (7, 5), (8, 4), (11, 3), (16, 2), (32, 1)],
)
def test_grid_is_the_nearest_whole_number_of_patches(patch_size, side):
    assert grid_side(patch_size) == side


def test_slider_has_one_stop_for_each_grid():
    sides = [grid_side(size) for size in PATCH_SIZES]
    assert sides == [16, 11, 8, 6, 5, 4, 3, 2, 1]


def test_small_image_and_large_patch_still_give_one_patch():
    assert grid_side(10, 10) == 1


@pytest.mark.parametrize("given", [4, np.int64(4), np.uint8(4), np.array(4)])
def test_whole_numbers_of_any_kind_become_plain_ints(given):
    assert type(check_patch_size(given)) is int
    assert check_patch_size(given) == 4


@pytest.mark.parametrize(
    "given",
    [0, -4, 33, 4.0, 4.5, True, False, np.True_, "4", None, np.float32(4), np.array([4]), [4]],
)
def test_impossible_patch_size_is_refused_with_the_rule_and_the_value(given):
    with pytest.raises(ValueError, match="integer from 1 to 32") as caught:
        check_patch_size(given)
    assert repr(given) in str(caught.value)


def test_only_none_means_the_models_own_patch_size():
    config = ViTConfig(patch_size=8)
    assert config.chosen_patch_size(None) == 8
    assert config.chosen_patch_size(2) == 2
    with pytest.raises(ValueError, match="got 0"):
        config.chosen_patch_size(0)


@pytest.mark.parametrize("kind", [ViTConfig, TrainConfig])
def test_config_survives_json(kind):
    presets = PRESETS if kind is ViTConfig else RECIPES
    for config in presets.values():
        assert kind.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("kind", [ViTConfig, TrainConfig])
def test_unknown_name_is_refused(kind):
    with pytest.raises(TypeError, match="fields: 'colour', 'flavour'"):
        kind.from_dict({"flavour": 1, "colour": 2})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width must be an integer >= 1, got 0"),
        ({"width": 64.0}, "width must be an integer >= 1, got 64.0"),
        ({"depth": True}, "depth must be .* got True"),
        ({"num_heads": "3"}, "num_heads must be .* got '3'"),
        ({"classes": 1}, "classes must be an integer >= 2, got 1"),
        ({"registers": -1}, "registers must be an integer >= 0, got -1"),
        ({"head_dim": -8}, "head_dim must be an integer >= 0, got -8"),
        ({"width": 64, "num_heads": 3}, r"num_heads must divide width \(.*\), got 3 and 64"),
        ({"patch_size": 33}, r"1 to 32 \(the image size\), got 33"),
        ({"image_size": 16, "patch_size": 32}, r"1 to 16 \(the image size\), got 32"),
        ({"image_size": 1025}, "image_size must be an integer <= 1,024, got 1,025"),
        ({"pooling": "max"}, "pooling must be one of mean, class, got 'max'"),
        ({"positions": "rope"}, "positions must be one of .*, got 'rope'"),
        ({"gelu": "relu"}, "gelu must be one of tanh, exact, got 'relu'"),
        ({"pixel_range": "raw"}, "pixel_range must be one of signed, unit, got 'raw'"),
        (
            {"positions": "sincos2d", "width": 6, "num_heads": 1},
            "width must be divisible by 4 .*, got 6",
        ),
        (
            {"positions": "sincos1d", "width": 5, "num_heads": 1},
            "width must be even for sincos1d, got 5",
        ),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1$"),
        ({"depth": 10**9}, "depth must be an integer <= 1,024, got 1,000,000,000"),
        ({"layer_norm_eps": "small"}, "layer_norm_eps must be a number, got 'small'"),
        ({"layer_norm_eps": 0.0}, "layer_norm_eps must be above 0, got 0$"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps must be above 0, got nan"),
    ],
)
def test_model_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        ViTConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": "mnist"}, "data must be one of cifar10, sketch10, got 'mnist'"),
        ({"preset": "huge"}, "preset must be one of article, .* got 'huge'"),
        ({"epochs": 0}, "epochs must be above 0 and at most 100,000, got 0"),
        ({"epochs": float("nan")}, "epochs must be above 0 and at most 100,000, got nan"),
        ({"epochs": float("inf")}, "epochs must be above 0 and at most 100,000, got inf"),
        ({"epochs": 1e12}, "epochs must be above 0 and at most 100,000, got 1,000,000,000,000"),
        ({"steps": -1}, "steps must be an integer >= 0, got -1"),
        ({"batch_size": 100_000_000}, "batch_size must be an integer <= 65,536, got 100,000,000"),
        ({"depth": -1}, "depth must be an integer >= 0, got -1"),
        ({"num_heads": 3}, r"num_heads must divide width \(.*\), got 3 and 64"),
        ({"preset": "flexi", "width": 102}, r"width must equal .*, got 102 and 3 \* 34"),
        ({"learning_rate": "1"}, "learning_rate must be a number, got '1'"),
        ({"batch_size": 0}, "batch_size must be an integer >= 1, got 0"),
        ({"num_sketches": 9}, "num_sketches must be an integer >= 10, got 9"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"seed": 2**53}, "seed must be an integer <= 9,007,199,254,740,991, got 9,007"),
        ({"seed": 1.5}, "seed must be an integer >= 0, got 1.5"),
        ({"learning_rate": 0.0}, r"learning_rate must be above 0 and at most 1e30, got 0$"),
        ({"learning_rate": 1e31}, r"learning_rate must be above 0 .* got 1e31"),
        ({"learning_rate": 10**400}, "learning_rate must be above 0 .* got 1e400"),
        ({"plateau_factor": 1.0}, "plateau_factor must be above 0 and below 1, got 1$"),
        ({"plateau_factor": "low"}, "plateau_factor must be a number, got 'low'"),
        ({"plateau_patience": 0}, "plateau_patience must be an integer >= 1, got 0"),
        ({"early_stopping": -1}, "early_stopping must be an integer >= 0, got -1"),
        ({"pooling": "max"}, "pooling must be one of mean, class, got 'max'"),
        ({"positions": "rope"}, "positions must be one of .*, got 'rope'"),
        ({"validation_split": 0.0}, "validation_split must be above 0 and below 1, got 0$"),
        (
            {"validation_split": 1e-5},
            "validation_split must leave at least 10 images for validation, got 0 of 50,000",
        ),
        ({"validation_split": 0.9999}, "leave at least 10 images for training, got 5 of"),
        ({"data": "sketch10", "validation_split": 1e-4}, "for validation, got 1 of 10,000"),
        ({"ema_decay": 1.0}, "ema_decay must be at least 0 and less than 1, got 1$"),
        ({"weight_decay": -0.1}, "weight_decay must be between 0 and 1, got -0.1"),
        ({"weight_decay": 1.5}, "weight_decay must be between 0 and 1, got 1.5"),
        ({"patch_sizes": (4, 40)}, r"1 to 32 \(the image size\), got 40"),
        (
            {"patch_sizes": (4, 8), "patch_size_probs": (1.0,)},
            "one number per patch size, got 1 and 2",
        ),
        (
            {"patch_sizes": (4, 8), "patch_size_probs_end": (1.0, -1.0)},
            "not be negative, nor all zero",
        ),
        ({"patch_sizes": (4, 8), "patch_size_probs": (0.0, 0.0)}, "not be negative, nor all zero"),
        ({"cycles": 0}, "cycles must be .* >= 1"),
        ({"cycles": 5, "steps": 4}, r"cycles must be <= steps \(4\), got 5"),
        ({"cycles": 2, "schedule": "plateau"}, "need schedule=cosine and early_stopping=0"),
        ({"cycles": 2, "early_stopping": 3}, "need schedule=cosine and early_stopping=0"),
        ({"init_from": 3}, "init_from must be a string, got 3"),
        ({"cutmix": 1.5}, "cutmix must be between 0 and 1, got 1.5"),
        ({"cutmix": True}, "cutmix must be a number"),
        ({"frozen": "positions"}, "frozen must be a list, got 'positions'"),
        ({"frozen": ("",)}, "frozen must list suffixes of weight names, e.g. .*, got ''"),
    ],
)
def test_training_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**changes)


def test_a_run_may_train_a_preset_with_other_positions_and_another_answer():
    config = TrainConfig(preset="flexi", pooling="class", positions="sincos2d").model_config()
    assert (config.pooling, config.positions) == ("class", "sincos2d")
    assert dataclasses.replace(config, pooling="mean", positions="learned") == PRESETS["flexi"]
    assert TrainConfig(preset="plain").model_config() == PRESETS["plain"]


# What runs that are older than these switches say of themselves.
NEWER = (
    "pooling",
    "positions",
    "plateau_factor",
    "plateau_patience",
    "early_stopping",
    "cutmix",
    "cycles",
    "init_from",
)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.cycles == 1])
def test_a_run_from_before_a_switch_goes_on_as_it_began(name):
    older = {k: v for k, v in RECIPES[name].to_dict().items() if k not in NEWER}
    before = TrainConfig.from_dict(older)
    assert before == RECIPES[name]
    RECIPES[name].check_goes_on(before)
    assert before.model_config() == PRESETS[before.preset]
    assert (before.plateau_factor, before.plateau_patience, before.early_stopping) == (0.8, 5, 0)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (TrainConfig(), 45_000),
        (RECIPES["article"], 40_000),
        (TrainConfig(data="sketch10", num_sketches=300), 300),
    ],
)
def test_an_epoch_knows_its_images(config, count):
    assert config.images_per_epoch == count


def test_resumed_run_must_be_what_it_was():
    before = TrainConfig(seed=1)
    before.check_goes_on(TrainConfig(seed=1))
    with pytest.raises(ValueError, match=r"epochs \(5.0 and 2.0\), seed \(1 and 3\)"):
        TrainConfig(seed=3, epochs=2.0).check_goes_on(before)


@pytest.mark.parametrize(("config", "name"), [(ViTConfig(), "width"), (TrainConfig(), "seed")])
def test_config_cannot_be_changed(config, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, name, 1)


def test_prefix_counts_class_token_and_registers():
    assert ViTConfig(pooling="class", registers=3).num_prefix_tokens == 4
    assert ViTConfig(registers=3).num_prefix_tokens == 3
    assert ViTConfig(pooling="class").tokens(8) == 17


def test_classes_are_those_of_cifar10_in_its_order():
    assert CLASS_NAMES[0] == "airplane"
    assert CLASS_NAMES[6] == "frog"
    assert len(CLASS_NAMES) == ViTConfig().classes


def test_recipes_carry_their_own_name():
    for name, recipe in RECIPES.items():
        assert recipe.recipe == name


def test_architecture_of_a_run_differs_from_its_preset_only_where_it_says_so():
    tiny = PRESETS["tiny"]
    assert TrainConfig().model_config() == tiny
    changed = TrainConfig(depth=2, num_heads=1, width=96, mlp_dim=100, pooling="class")
    assert changed.model_config() == dataclasses.replace(
        tiny, depth=2, num_heads=1, width=96, mlp_dim=100, pooling="class"
    )


def test_article_keeps_its_heads_of_64_whatever_the_width():
    model = TrainConfig(preset="article", width=96, num_heads=1).model_config()
    assert (model.width, model.num_heads, model.d) == (96, 1, 64)
