"""The answer after each block: the model's own at the end, a loop's before."""

import numpy as np
import pytest

from tests.vitcore import slow_vit
from tests.vitcore.small_models import random_image, random_weights, small_config, small_model
from vitcore import logit_lens, trace

CONFIGS = {
    "mean": {},
    "mean and registers": {"registers": 2},
    "class": {"pooling": "class"},
    "class and registers": {"pooling": "class", "registers": 2},
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("size", [8, 11, 32])
def test_the_last_row_is_the_models_own_answer(name, size):
    model = small_model(**CONFIGS[name])
    result = trace(model, random_image(), patch_size=size)
    told = logit_lens(result.hidden_states, random_weights(model.config), model.config)
    assert told.image.shape == (3, 10)
    assert told.patches.shape == (3, result.grid[0] * result.grid[1], 10)
    np.testing.assert_allclose(told.image[-1], result.logits, atol=1e-5)
    if result.patch_logits is not None:
        np.testing.assert_allclose(
            told.patches[-1], result.patch_logits[result.num_prefix_tokens :], atol=1e-5
        )


@pytest.mark.parametrize("name", CONFIGS)
def test_each_row_is_that_of_a_model_cut_off_there(rng, name):
    config = small_config(**CONFIGS[name])
    weights = random_weights(config)
    tokens = rng.normal(
        size=(4, config.num_prefix_tokens + 6, 16)
    )  # a grid of 2 x 3 as well as any other
    told = logit_lens(tokens, weights, config)
    for row, stream in enumerate(tokens):
        normed = slow_vit.layer_norm(
            stream, config.layer_norm_eps, weights["norm/scale"], weights["norm/offset"]
        )
        after = normed[config.num_prefix_tokens :]
        pooled = normed[0] if config.pooling == "class" else after.mean(axis=0)
        for vector, answer in ((pooled, told.image[row]), *zip(after, told.patches[row])):  # noqa: B905
            expected = vector @ weights["head/kernel"] + weights["head/bias"]
            np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)


def test_what_does_not_fit_is_refused(rng):
    config = small_config(pooling="class")
    weights = random_weights(config)
    with pytest.raises(ValueError, match=r"\(L\+1, T, 16\) with T > 1, got \(2, 5, 8\)"):
        logit_lens(rng.normal(size=(2, 5, 8)), weights, config)
    with pytest.raises(ValueError, match=r"T > 1, got \(2, 1, 16\)"):
        logit_lens(rng.normal(size=(2, 1, 16)), weights, config)
    del weights["head/bias"]
    with pytest.raises(ValueError, match="missing: head/bias"):
        logit_lens(rng.normal(size=(2, 5, 16)), weights, config)
