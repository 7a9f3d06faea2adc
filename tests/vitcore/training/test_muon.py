"""Our Muon against Keras' own, and against the matrix that both come near to."""

import keras
import numpy as np
import pytest

from vitcore.training.muon import Muon

SHAPES = [(12, 48), (48, 12), (16, 16), (5, 7), (1, 9), (192, 768)]


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_newton_schulz_gives_what_keras_gives(rng, steps):
    tensors = [keras.ops.convert_to_tensor(rng.normal(size=shape).astype("f4")) for shape in SHAPES]
    theirs = keras.optimizers.Muon()
    for ours, tensor in zip(Muon(ns_steps=steps).near_orthogonal(tensors), tensors, strict=True):
        wanted = np.asarray(theirs.zeropower_via_newtonschulz5(tensor, steps))
        np.testing.assert_allclose(np.asarray(ours), wanted, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize("nesterov", [False, True])
def test_steps_move_every_weight_as_those_of_keras(rng, nesterov):
    """Matrices, which wait for each other, among weights that AdamW moves."""
    shapes = [(12, 48), (10,), (48, 12), (3, 4, 5), (16, 16), (12, 12)]
    first = [rng.normal(size=shape).astype("f4") for shape in shapes]
    moved = []
    for kind in (Muon, keras.optimizers.Muon):
        optimizer = kind(1e-2, nesterov=nesterov, weight_decay=0.1, global_clipnorm=1.0)
        weights = [keras.Variable(values) for values in first]
        optimizer.build(weights)
        for step in range(3):
            slopes = [keras.ops.convert_to_tensor(np.cos(step + v)) for v in first]
            optimizer.apply(slopes, weights)
        moved.append([np.asarray(weight) for weight in weights])
    for before, ours, theirs in zip(first, *moved, strict=True):
        assert np.abs(theirs - before).min() > 0
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_directions_a_millionth_the_size_of_the_first_do_no_harm(rng):
    """Products of rows hold squares, where such a direction is below float32's last digit."""
    left, _ = np.linalg.qr(rng.normal(size=(24, 24)))
    right, _ = np.linalg.qr(rng.normal(size=(96, 24)))
    sizes = np.r_[np.ones(8), np.full(8, 1e-2), np.full(8, 1e-6)]
    values = (left * sizes @ right.T).astype("f4")
    turned = np.asarray(Muon().near_orthogonal([keras.ops.convert_to_tensor(values)])[0])
    reached = np.diag(left.T @ turned @ right)
    assert reached[:16].min() > 0.6
    assert reached[:16].max() < 1.3
    assert np.abs(reached[16:]).max() < 0.01
