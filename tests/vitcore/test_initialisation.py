"""First weights: the right names, shapes and spread, the same for everyone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.vitcore.small_models import small_config
from vitcore.config import PRESETS
from vitcore.initialisation import initial_weights, parameter_count, weight_shapes


def test_article_has_exactly_the_notebooks_number_of_parameters():
    assert parameter_count(PRESETS["article"]) == 507_210


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_add_up_by_hand(name):
    config = PRESETS[name]
    width, inner, hidden = config.width, config.num_heads * config.d, config.mlp_dim
    attention = width * 3 * inner + 3 * inner + inner * width + width
    mlp = width * hidden + hidden + hidden * width + width
    block = 4 * width + attention + mlp
    outside = (
        config.patch_embed_size**2 * 3 * width + width
        + config.pos_embed_grid**2 * width
        + width * (config.pooling == "class")
        + width * config.registers
        + 2 * width
        + width * config.classes + config.classes
    )  # fmt: skip
    assert parameter_count(config) == config.depth * block + outside


def test_optional_weights_are_there_only_where_asked_for():
    plain = weight_shapes(small_config(positions="none"))
    full = weight_shapes(small_config(pooling="class", registers=2, qk_norm=True))
    added = set(full) - set(plain)
    assert {"positions", "class_token", "registers"} < added
    assert full["registers"] == (2, 16)
    assert full["block_01/attention/query_scale"] == (8,)
    assert len(added) == 3 + 2 * 2


def test_seed_decides_every_weight():
    config = small_config()
    first, again, other = (initial_weights(config, seed) for seed in (1, 1, 2))
    for name, values in first.items():
        assert values.dtype == np.float32
        assert values.shape == weight_shapes(config)[name]
        np.testing.assert_array_equal(values, again[name])
    assert not np.array_equal(first["positions"], other["positions"])


def test_weights_do_not_depend_on_which_others_there_are():
    small, large = (initial_weights(small_config(depth=depth)) for depth in (1, 3))
    for name, values in small.items():
        np.testing.assert_array_equal(values, large[name])


@pytest.mark.parametrize("weight_init", ["xavier", "mimetic"])
def test_weights_drawn_alone_are_those_drawn_among_all(weight_init):
    config = small_config(weight_init=weight_init)
    every = initial_weights(config, 3)
    names = ["positions", "patch_embedding/kernel", "block_01/attention/out_kernel"]
    some = initial_weights(config, 3, only=names)
    assert set(some) == set(names)
    for name, values in some.items():
        np.testing.assert_array_equal(values, every[name])


def test_spread_is_that_of_the_papers_code():
    weights = initial_weights(replace(PRESETS["flexi"], weight_init="xavier"))
    assert np.std(weights["patch_embedding/kernel"]) == pytest.approx(1 / math.sqrt(192), rel=0.02)
    assert np.std(weights["positions"]) == pytest.approx(0.02, rel=0.03)
    query_key_value = weights["block_00/attention/qkv_kernel"]
    limit = math.sqrt(6 / (192 + 192))  # as if the three were drawn apart
    assert np.abs(query_key_value).max() == pytest.approx(limit, rel=1e-3)
    hidden = weights["block_00/mlp/hidden_kernel"]
    assert np.abs(hidden).max() == pytest.approx(math.sqrt(6 / (192 + 768)), rel=1e-3)
    assert not weights["head/kernel"].any()
    assert not weights["block_00/mlp/out_bias"].any()
    assert (weights["norm/scale"] == 1).all()


def test_mimetic_attention_begins_near_the_identity_and_its_negative():
    config = small_config(width=64, num_heads=2, mlp_dim=8, weight_init="mimetic")
    weights, usual = initial_weights(config), initial_weights(small_config(width=64, mlp_dim=8))
    qkv = weights["block_01/attention/qkv_kernel"].astype(float)
    queries, keys, values = np.split(qkv, 3, axis=1)
    for head in (slice(0, 32), slice(32, 64)):
        product = queries[:, head] @ keys[:, head].T
        others = product - np.diag(np.diag(product))
        assert np.diag(product).mean() > 5 * abs(others).mean()
    product = values @ weights["block_01/attention/out_kernel"]
    # 0.4 (Z - I), the entries of Z with variance 1 / 64
    assert np.diag(product).mean() == pytest.approx(-0.4, abs=0.03)
    assert (product + 0.4 * np.eye(64)).std() == pytest.approx(0.4 / 8, rel=0.1)
    changed = {name for name in usual if not np.array_equal(usual[name], weights[name])}
    attention = {f"block_0{i}/attention/{part}_kernel" for i in (0, 1) for part in ("qkv", "out")}
    assert changed == attention | {"positions"}


def test_mimetic_positions_begin_as_what_differs_in_the_sine_and_cosine_table():
    positions = initial_weights(small_config(weight_init="mimetic"))["positions"]
    # The first half tells the column, the second the row; at frequency 1 it is the plain sine.
    sines = np.sin(np.arange(4))
    np.testing.assert_allclose(positions[2, :, 0], 2 * (sines - sines.mean()), atol=1e-6)
    np.testing.assert_allclose(positions[:, 1, 8], 2 * (sines - sines.mean()), atol=1e-6)
    np.testing.assert_allclose(positions.mean(axis=(0, 1)), 0, atol=1e-6)


def test_mimetic_weights_need_heads_as_wide_as_a_token():
    with pytest.raises(ValueError, match=r"got 16 and 2 \* 4"):
        small_config(weight_init="mimetic", head_dim=4)
