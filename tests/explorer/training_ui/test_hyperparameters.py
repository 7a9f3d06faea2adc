"""The switches of a training: they show a configuration, and make it again."""

from dataclasses import fields, replace

import pytest

from explorer.text import language
from explorer.training_ui.comparison import differences, table
from explorer.training_ui.hyperparameters import (
    SWITCHES,
    config_of,
    refusal,
    sizes,
    values_of,
    word,
)
from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, FieldError, TrainConfig
from vitcore.training.runs import Run


@pytest.mark.parametrize("name", ["standard", "article"])
def test_untouched_switches_make_the_recipe(name):
    recipe = RECIPES[name]
    others = {"data": recipe.data, "preset": recipe.preset, "epochs": recipe.epochs, "seed": 0}
    assert config_of(name, values_of(recipe), **others) == recipe


def test_each_switch_is_a_field_and_its_options_are_allowed():
    names = {field.name for field in fields(TrainConfig)}
    for name, switch in SWITCHES.items():
        assert name in names
        for value in switch.options:
            config_of("standard", values_of(RECIPES["standard"]) | {name: value})


@pytest.mark.parametrize("preset", PRESETS)
def test_sizes_that_are_the_presets_own_leave_the_configuration_as_it_was(preset):
    values = values_of(RECIPES["standard"]) | sizes(PRESETS[preset])
    config = config_of("standard", values, preset=preset)
    assert config == RECIPES["standard"].replace(preset=preset)


def test_sizes_reach_the_model_and_are_shown_again():
    chosen = {"num_heads": 1, "depth": 2, "width": 32, "mlp_dim": 48}
    config = config_of("standard", values_of(RECIPES["standard"]) | chosen)
    model = config.model_config()
    assert sizes(model) == chosen
    assert values_of(config).items() >= chosen.items()


@pytest.mark.parametrize(
    ("preset", "changes", "field", "values"),
    [
        ("tiny", {"num_heads": 3}, "num_heads", "3 and 64"),
        ("tiny", {"num_heads": 0}, "num_heads", "0"),
        ("tiny", {"depth": 65}, "depth", "65"),
        ("tiny", {"width": 66, "num_heads": 3, "positions": "sincos2d"}, "width", "66"),
        ("flexi", {"width": 102}, "width", "102 and 3 * 34"),
        ("tiny", {"width": 4096}, "width", "277 M"),
        ("tiny", {"mlp_dim": -1}, "mlp_dim", "-1"),
    ],
)
def test_sizes_that_do_not_match_are_refused_at_their_box(preset, changes, field, values):
    chosen = values_of(RECIPES["standard"]) | sizes(PRESETS[preset]) | changes
    with pytest.raises(FieldError) as caught:
        config_of("standard", chosen, preset=preset)
    where, why = refusal(caught.value)
    assert where == field
    assert why.startswith(SWITCHES[field].label)
    assert why.endswith(f"got {values}.")
    assert len(why.split()) <= 20


@pytest.fixture
def chinese():
    language.follow(lambda: "zh")
    yield
    language.follow(lambda: language.ENGLISH)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("learning_rate", 0.0), ("learning_rate", None), ("batch_size", 0), ("depth", 65)),
        *(("warmup_ratio", 1.0), ("weight_decay", 2.0), ("plateau_factor", 0.0)),
        *(("validation_split", 1e-6), ("batch_size", 50_000), ("width", 65), ("width", 4096)),
    ],
)
def test_a_refusal_is_said_in_the_language_of_the_page(name, value):
    values = values_of(RECIPES["standard"]) | {name: value}
    with pytest.raises(FieldError) as caught:
        config_of("standard", values)
    why = refusal(caught.value)[1]
    assert "must" not in why
    assert why.endswith("。")


def test_flexible_patch_sizes_are_drawn_as_for_the_flexible_model_and_bounded():
    values = values_of(RECIPES["standard"]) | {"patch_sizes": "flexible"}
    config = config_of("standard", values)
    assert config.patch_sizes == PATCH_SIZES
    assert config.max_tokens == RECIPES["flexi-cifar10-cpu"].max_tokens
    assert values_of(config)["patch_sizes"] == "flexible"


def test_a_batch_larger_than_the_data_is_refused_by_the_name_of_its_field():
    values = values_of(RECIPES["standard"]) | {"batch_size": 40_001}
    with pytest.raises(FieldError, match="10,000 .* got 40,001") as caught:
        config_of("standard", values, data="sketch10")
    assert caught.value.field == refusal(caught.value)[0] == "batch_size"
    assert refusal(caught.value)[1].startswith(f"{SWITCHES['batch_size'].label} must be")
    assert config_of("standard", values, data="cifar10").batch_size == 40_001


@pytest.mark.parametrize("name", ["learning_rate", "batch_size", "epochs", "seed"])
def test_an_emptied_box_is_refused_by_its_name(name):
    values = values_of(RECIPES["standard"])
    others = {"epochs": 1.0, "seed": 0}
    (values if name in values else others)[name] = None
    with pytest.raises(FieldError, match="must be a number") as caught:
        config_of("standard", values, **others)
    assert refusal(caught.value)[0] == name


def test_what_is_left_to_the_model_is_named():
    for name, preset, own in (("positions", "tiny", "learned"), ("pooling", "plain", "class")):
        switch = SWITCHES[name]
        assert word(switch, "", preset) == f"{switch.options[own]} ({switch.options['']})"
    assert word(SWITCHES["patch_sizes"], "fixed", "tiny").endswith(" (4)")
    assert word(SWITCHES["patch_sizes"], "flexible", "tiny").startswith("Flexible")


def test_what_is_no_switch_is_refused_without_a_field():
    assert refusal(ValueError("cycles > 1 need schedule=cosine")) == (
        "",
        "Cycles > 1 need schedule=cosine.",
    )


def run(name, config):
    return Run(folder=None, name=name, state="stopped", config=config, step=10)


def test_only_what_differs_is_compared():
    one, other = TrainConfig(seed=1), TrainConfig(seed=2, pooling="class")
    assert differences([one, other]) == {"pooling": ["", "class"], "seed": [1, 2]}
    shown = table([run("a<b", one), run("c", other)])
    assert "<td>Mean (model default)</td><td>Class token</td>" in shown
    assert "a&lt;b" in shown
    assert "a<b" not in shown


def test_what_still_grows_is_not_compared():
    live = replace(run("a", TrainConfig()), state="running", validation={"accuracy": 0.5})
    shown = table([live, replace(live, name="b", state="stopped")])
    assert "<td>running</td><td>10</td>" in shown
    assert "<td>running</td><td>50%</td>" in shown


def test_runs_alike_are_said_to_be_so_and_one_alone_is_no_comparison():
    assert "<td>identical</td><td>identical</td>" in table([run("a", TrainConfig())] * 2)
    assert table([run("a", TrainConfig())]) == ""
    assert table([run("a", TrainConfig()), run("b", None)]) == ""
