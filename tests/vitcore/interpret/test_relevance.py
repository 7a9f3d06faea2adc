"""Class relevance: its gradient by finite differences, its formula by loops."""

import numpy as np
import pytest
from keras import ops

from tests.vitcore.small_models import random_image, small_model
from vitcore import relevance
from vitcore.interpret.relevance import attention_gradient, relevance_map
from vitcore.tracing import trace


@pytest.fixture(scope="module", params=["mean", "class"])
def model(request):
    return small_model(pooling=request.param, registers=1)


def test_gradient_is_how_the_logit_answers_to_a_nudge(model):
    images, size = random_image()[None], 16
    attention, slope = attention_gradient(model, images, 3, size)
    np.testing.assert_allclose(
        attention, trace(model, images[0], patch_size=size).attention, atol=1e-6
    )
    rng = np.random.default_rng(0)
    nudge = 1e-2
    for _ in range(12):
        entry = tuple(int(rng.integers(limit)) for limit in slope.shape)
        answers = []
        for sign in (1, -1):
            probe = np.zeros((2, 1, *slope.shape[1:]), np.float32)
            probe[entry[0], 0][entry[1:]] = sign * nudge
            logits = model(images, patch_size=size, probe=ops.convert_to_tensor(probe))
            answers.append(float(np.asarray(logits)[0, 3]))
        assert slope[entry] == pytest.approx((answers[0] - answers[1]) / (2 * nudge), abs=1e-3)
    assert np.abs(slope).max() > 1e-2  # else zero would pass


def slow_relevance(attention, slope, grid, pooling, prefix):
    """Equations 5 and 6 of the paper, entry by entry."""
    blocks, heads, tokens, _ = attention.shape
    total = np.eye(tokens)
    for block in range(blocks):
        fused = np.zeros((tokens, tokens))
        for i in range(tokens):
            for j in range(tokens):
                for head in range(heads):
                    product = float(attention[block, head, i, j] * slope[block, head, i, j])
                    fused[i, j] += max(product, 0) / heads
        total = total + fused @ total
    if pooling == "class":
        row = total[0]
    else:
        row = np.mean([total[i] - np.eye(tokens)[i] for i in range(prefix, tokens)], axis=0)
    return row[prefix:].reshape(grid)


@pytest.mark.parametrize("size", [16, 11])
def test_relevance_is_the_papers_rule(model, size):
    image, config = random_image(1), model.config
    result = trace(model, image, patch_size=size)
    _, slope = attention_gradient(model, result.image[None], 7, size)
    expected = slow_relevance(
        result.attention, slope, result.grid, config.pooling, config.num_prefix_tokens
    )
    told = relevance(model, image, 7, size)
    np.testing.assert_allclose(told, expected, rtol=1e-3, atol=1e-6)
    assert told.shape == result.grid
    assert (told >= 0).all()
    assert told.max() > 0


def test_relevance_depends_on_the_class_asked_about(model):
    image = random_image()
    assert not np.allclose(relevance(model, image, 0, 16), relevance(model, image, 1, 16))


def test_rule_holds_for_oblong_grids(rng):
    attention = rng.dirichlet(np.ones(7), size=(2, 3, 7))
    slope = rng.normal(size=attention.shape)
    for pooling, prefix in (("mean", 1), ("class", 1)):
        told = relevance_map(attention, slope, (2, 3), pooling=pooling, num_prefix_tokens=prefix)
        expected = slow_relevance(attention, slope, (2, 3), pooling, prefix)
        np.testing.assert_allclose(told, expected, rtol=1e-5)


def test_attention_against_the_class_counts_nothing():
    attention, slope = np.full((1, 1, 4, 4), 0.25), np.full((1, 1, 4, 4), -1.0)
    assert not relevance_map(attention, slope, (2, 2), pooling="mean", num_prefix_tokens=0).any()


@pytest.mark.parametrize("pooling", ["mean", "class"])
@pytest.mark.parametrize("registers", [0, 1])
def test_one_patch_has_all_there_is(pooling, registers):
    model = small_model(pooling=pooling, registers=registers)
    assert relevance(model, random_image(), 0, 32).shape == (1, 1)


@pytest.mark.parametrize("index", [-1, 10, "3", 2.5, None])
def test_class_that_is_not_there_is_refused(model, index):
    with pytest.raises(
        ValueError, match=r"class_index must be an integer from 0 to 9, got"
    ) as caught:
        relevance(model, random_image(), index)
    assert str(caught.value).endswith(repr(index))


def test_patch_size_and_image_are_checked(model):
    with pytest.raises(ValueError, match=r"1 to 32 \(the image size\), got 0"):
        relevance(model, random_image(), 1, 0)
    with pytest.raises(ValueError, match="one image, got 2"):
        relevance(model, np.stack([random_image()] * 2), 1)
