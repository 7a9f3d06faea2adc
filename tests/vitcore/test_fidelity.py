"""Every number that the app shows of a model, against a second model that shares no code with it.

The bundled models, with their own weights: TensorFlow in float32 beside NumPy in float64.
"""

import numpy as np
import pytest

import vitcore
from tests.vitcore import numpy_vit
from vitcore.checkpoints import read
from vitcore.interpret.relevance import attention_gradient
from vitcore.intervention import DATASET_MEAN
from vitcore.patches import model_input

FROG = 6


@pytest.fixture(scope="module", params=["flexi-cifar10", "plain-cifar10"])
def both(request):
    """A bundled model, its config and weights as they are stored, and an image."""
    images, _, _ = vitcore.sketch10(10)
    return vitcore.load(request.param), *read(request.param), images[FROG]


@pytest.mark.parametrize("patch_size", [2, 4, 5, 16])
def test_forward_pass(both, patch_size):
    model, config, weights, image = both
    ours = vitcore.trace(model, image, patch_size=patch_size)
    theirs = numpy_vit.forward(config, weights, model_input(image[None], patch_size), patch_size)
    np.testing.assert_allclose(ours.logits, theirs.logits[0], atol=2e-4)
    np.testing.assert_allclose(ours.attention, np.stack(theirs.attention)[:, 0], atol=1e-5)
    np.testing.assert_allclose(
        ours.hidden_states, np.stack(theirs.stream)[:, 0], rtol=1e-3, atol=2e-3
    )


@pytest.mark.parametrize("head", [(0, 0), (2, 1), (5, 2)])
def test_ablated_head(both, head):
    model, config, weights, image = both
    mask = np.ones((config.depth, config.num_heads))
    mask[head] = 0
    theirs = numpy_vit.forward(config, weights, image[None], 4, mask=mask)
    ours = vitcore.predict(
        model, image, patch_size=4, intervention=vitcore.Intervention(ablated_heads=(head,))
    )
    np.testing.assert_allclose(ours, numpy_vit.softmax(theirs.logits), atol=1e-5)


def test_logit_lens(both):
    model, config, weights, image = both
    ours = vitcore.logit_lens(
        vitcore.trace(model, image, patch_size=4).hidden_states, weights, config
    )
    theirs = numpy_vit.forward(config, weights, image[None], 4)
    for block, tokens in enumerate(theirs.stream):
        normed = numpy_vit.layer_norm(
            tokens, weights["norm/scale"], weights["norm/offset"], config.layer_norm_eps
        )
        logits = numpy_vit.classified(config, weights, normed)
        np.testing.assert_allclose(ours.image[block], logits[0], atol=2e-4)


def test_occlusion(both):
    model, config, weights, image = both
    images = np.repeat(image[None], 1 + 16, axis=0)
    for patch in range(16):
        row, column = 8 * (patch // 4), 8 * (patch % 4)
        images[1 + patch, row : row + 8, column : column + 8] = DATASET_MEAN
    logits = numpy_vit.forward(config, weights, images, 8).logits[:, FROG]
    ours = vitcore.occlusion(model, image, FROG, 8)
    np.testing.assert_allclose(ours.reshape(-1), logits[0] - logits[1:], atol=5e-4)


def test_relevance(both):
    """Chefer et al. 2021: R ← R + mean over heads of (A ∘ ∂y/∂A)⁺ R, from R = I.

    Of the gradients, 48 drawn at random are taken again; from all of them the map is made again.
    """
    model, config, weights, image = both
    _, gradients = attention_gradient(model, image[None], FROG, 8)
    drawn = np.random.default_rng(0).choice(gradients.size, 48, replace=False)
    theirs = numpy_vit.attention_gradients(config, weights, image, 8, FROG, drawn)
    np.testing.assert_allclose(
        gradients.reshape(-1)[drawn], theirs, rtol=1e-3, atol=1e-4 * np.abs(gradients).max()
    )
    attention = np.stack(numpy_vit.forward(config, weights, image[None], 8).attention)[:, 0]
    identity = np.eye(attention.shape[-1])
    result = identity
    for a, gradient in zip(attention, gradients, strict=True):
        result = result + np.maximum(a * gradient, 0).mean(0) @ result
    prefix = config.num_prefix_tokens
    row = result[0] if config.pooling == "class" else (result - identity)[prefix:].mean(0)
    ours = vitcore.relevance(model, image, FROG, 8)
    np.testing.assert_allclose(ours, row[prefix:].reshape(4, 4), rtol=1e-3, atol=1e-5)
