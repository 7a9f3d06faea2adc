"""Options of the command line: each configuration can be typed, and is read as it was meant."""

import argparse

import pytest

from vitcore.cli import train_options
from vitcore.config import PATCH_SIZES, RECIPES, TrainConfig


def parsed(arguments):
    parser = argparse.ArgumentParser()
    train_options.add(parser)
    return parser.parse_args(arguments)


def understood(arguments):
    options = parsed(arguments)
    return train_options.changed(
        RECIPES[options.recipe or "standard"], train_options.given(options)
    )


@pytest.mark.parametrize(
    "config",
    [
        *RECIPES.values(),
        RECIPES["flexi-cifar10"].replace(
            patch_sizes=(), patch_size_probs=(), patch_size_probs_end=()
        ),
        RECIPES["standard"].replace(
            pooling="class", positions="sincos2d", depth=2, num_heads=1, width=96, mlp_dim=100,
            early_stopping=3, schedule="plateau",
            plateau_factor=1 / 3, plateau_patience=2, warmup_ratio=0.0, augmentation="none",
            weight_decay=0.0, patch_sizes=PATCH_SIZES, max_tokens=8192, precision="bfloat16",
            learning_rate=0.1 + 0.2, epochs=1e-7, seed=2**40, frozen=("norm1/scale", "positions"),
        ),
    ],
)  # fmt: skip
def test_every_configuration_survives_the_command_line(config):
    assert understood(train_options.arguments(config)) == config


def test_what_is_named_takes_the_place_of_what_the_recipe_says_instead():
    recipe = RECIPES["flexi-cifar10-swa"]
    assert train_options.changed(recipe, {"epochs": 3.0}) == recipe.replace(epochs=3.0, steps=0)
    assert train_options.changed(recipe, {"epochs": 3.0, "steps": 9}).steps == 9
    sizes = train_options.changed(recipe, {"patch_sizes": (4, 8)})
    assert sizes == recipe.replace(patch_sizes=(4, 8), patch_size_probs=())
    both = {"patch_sizes": (4, 8), "patch_size_probs": (0.3, 0.7)}
    assert train_options.changed(recipe, both) == recipe.replace(**both)
    assert train_options.changed(recipe, {"seed": 2}) == recipe.replace(seed=2)


def test_what_the_recipe_says_is_not_repeated():
    names = {argument.partition("=")[0] for argument in train_options.arguments(RECIPES["article"])}
    assert names == {"--recipe", "--data", "--preset", "--epochs", "--learning-rate", "--seed"}


def test_what_is_not_named_is_not_given():
    assert train_options.given(parsed([])) == {}
    assert train_options.given(parsed(["--patch-sizes=4, 8", "--seed", "3"])) == {
        "patch_sizes": (4, 8),
        "seed": 3,
    }


def test_a_folder_to_start_from_is_found_from_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("mine", "flexi-cifar10"):
        (tmp_path / name).mkdir()
    found = {text: train_options.given(parsed(["--init-from", text]))["init_from"] for text in (
        "mine", "../" + tmp_path.name + "/mine", "~/mine", "flexi-cifar10", "a-run", "", "x" * 999
    )}  # fmt: skip
    assert set(list(found.values())[:3]) == {str(tmp_path / "mine")}
    assert [key for key, value in found.items() if key == value] == [
        "flexi-cifar10", "a-run", "", "x" * 999
    ]  # fmt: skip


def test_a_recipe_that_is_not_here_is_named():
    with pytest.raises(ValueError, match="recipe must be one of .*, got 'mine'"):
        train_options.arguments(TrainConfig(recipe="mine"))


@pytest.mark.parametrize("text", ["--patch-sizes=many", "--epochs=long", "--preset=huge"])
def test_what_is_no_value_is_answered_with_the_usage(text):
    with pytest.raises(SystemExit):
        parsed([text])
