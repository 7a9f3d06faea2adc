"""Our Muon against Keras' own, and against the matrix that both come near to."""

import keras
import numpy as np
import pytest

from vitcore.training.muon import Muon

SHAPES = [(12, 48), (48, 12), (16, 16), (5, 7), (1, 9), (192, 768)]


@pytest.mark.parametrize("steps", [0, 1, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_newton_schulz_gives_what_keras_gives(rng, shape, steps):
    values = rng.normal(size=shape).astype("f4")
    ours, theirs = (
        np.asarray(kind().zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(values), steps))
        for kind in (Muon, keras.optimizers.Muon)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_directions_a_millionth_the_size_of_the_first_do_no_harm(rng):
    """Products of rows hold squares, where such a direction is below float32's last digit."""
    left, _ = np.linalg.qr(rng.normal(size=(24, 24)))
    right, _ = np.linalg.qr(rng.normal(size=(96, 24)))
    sizes = np.r_[np.ones(8), np.full(8, 1e-2), np.full(8, 1e-6)]
    values = (left * sizes @ right.T).astype("f4")
    turned = np.asarray(Muon().zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(values), 5))
    reached = np.diag(left.T @ turned @ right)
    assert reached[:16].min() > 0.6
    assert reached[:16].max() < 1.3
    assert np.abs(reached[16:]).max() < 0.01
