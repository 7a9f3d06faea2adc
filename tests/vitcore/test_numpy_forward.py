"""The forward pass in NumPy gives what the compiled one gives."""

import numpy as np
import pytest

import vitcore
from tests.vitcore.small_models import random_image, small_config
from vitcore import checkpoints
from vitcore.intervention import Intervention
from vitcore.numpy_forward import numpy_forward

INTERVENTION = Intervention(
    ablated_heads=((0, 1), (2, 0)), patches={0: None, 1: 2, 2: 1}, use_pos_embed=False
)


def same(mine, theirs):
    for name in ("hidden_states", "attention", "logits", "patch_logits", "image"):
        one, other = getattr(mine, name), getattr(theirs, name)
        assert (one is None) == (other is None)
        if one is not None:
            scale = max(1.0, float(np.abs(np.asarray(other, np.float64)).max()))
            np.testing.assert_allclose(one, other, atol=2e-5 * scale)


@pytest.mark.parametrize("patch_size", [2, 4, 5, 16, 32])
@pytest.mark.parametrize("name", checkpoints.bundled())
def test_it_is_the_compiled_pass_of_every_bundled_model(name, patch_size):
    config, weights = checkpoints.read(name)
    image = vitcore.sketch10(8)[0][7]
    model = vitcore.load(name)
    for intervention in (None, INTERVENTION if patch_size < 16 else Intervention()):
        mine = numpy_forward(
            config, weights, image, patch_size=patch_size, intervention=intervention
        )
        theirs = vitcore.trace(model, image, patch_size=patch_size, intervention=intervention)
        same(mine, theirs)


@pytest.mark.parametrize(
    "fields",
    [
        {"positions": "sincos1d"},
        {"positions": "sincos2d", "qk_norm": True},
        {"positions": "none", "gelu": "exact", "mlp_output_gelu": True},
        {"pooling": "class", "registers": 2, "pixel_range": "unit"},
    ],
)
def test_every_kind_of_model_is_computed(fields, rng):
    config = small_config(**fields)
    model = vitcore.build(config, seed=1)
    for variable in model.trainable_variables:  # none is zero or one any more
        variable.assign(variable + rng.normal(0, 0.2, variable.shape))
    weights = {name: np.asarray(value) for name, value in model.weights_by_name().items()}
    image = random_image()
    mine = numpy_forward(config, weights, image, patch_size=config.patch_size)
    same(mine, vitcore.trace(model, image))
