"""One step: the loss and the optimiser against NumPy."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from tests.vitcore.small_models import small_config, small_model, weights_of
from vitcore.config import PRESETS, TrainConfig
from vitcore.training.distributed import ProcessGroup
from vitcore.training.step import Trainer, Trainers, make_optimizer, mean_loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_is_cross_entropy(rng, smoothing):
    logits = rng.normal(0, 3, (5, 10)).astype(np.float32)
    labels = rng.integers(0, 10, 5).astype(np.int32)
    expected = 0.0
    for row, label in zip(logits.astype(float), labels, strict=True):
        logs = row - math.log(np.exp(row).sum())
        target = np.full(10, smoothing / 10)
        target[label] += 1 - smoothing
        expected -= (target * logs).sum() / 5
    assert float(mean_loss(logits, labels, smoothing)) == pytest.approx(expected, rel=1e-5)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    one_hot = keras.utils.to_categorical(labels, 10)
    assert float(theirs(one_hot, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_of_a_mixed_image_is_the_mean_of_the_losses_of_its_classes(rng, smoothing):
    logits = rng.normal(0, 3, (1, 10)).astype(np.float32)
    shares = np.zeros((1, 10), np.float32)
    shares[0, 2], shares[0, 7] = 0.75, 0.25
    of_two, of_seven = (float(mean_loss(logits, np.array([c]), smoothing)) for c in (2, 7))
    mixed = float(mean_loss(logits, shares, smoothing))
    assert mixed == pytest.approx(0.75 * of_two + 0.25 * of_seven, rel=1e-5)


def test_step_on_shares_of_one_class_is_the_step_on_labels(batch):
    images, labels = batch
    moved = []
    for given in (labels, np.eye(10, dtype=np.float32)[labels]):
        trainer = Trainer(small_model(), TrainConfig())
        loss, right = trainer.step(images, given, patch_size=16, rate=1e-2)
        moved.append((loss, right, weights_of(trainer.model)))
    (loss, right, weights), (other_loss, other_right, others) = moved
    assert (other_loss, other_right) == (pytest.approx(loss), right)
    for name, values in weights.items():
        np.testing.assert_allclose(others[name], values, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("kind", ["adamw", "muon", "adam"])
def test_decay_is_on_matrices_only(kind):
    model = small_model(pooling="class", registers=1)
    config = TrainConfig(weight_decay=0.5, learning_rate=0.1, optimizer=kind)
    optimizer = make_optimizer(config, model)
    before = weights_of(model)
    nothing = [ops.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(nothing, model.trainable_variables)
    for name, values in weights_of(model).items():
        kept = 1 - 0.1 * 0.5 if name.endswith("kernel") else 1
        np.testing.assert_allclose(values, before[name] * kept, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "adam"])
def test_frozen_weights_stay_as_they_began_and_all_others_move(batch, optimizer):
    model = small_model()
    frozen = ("norm1/scale", "block_00/attention/qkv_kernel", "positions")
    config = TrainConfig(optimizer=optimizer, weight_decay=0.1, ema_decay=0.9, frozen=frozen)
    trainer, before = Trainer(model, config), weights_of(model)
    for _ in range(3):
        trainer.step(*batch, patch_size=16, rate=1e-2)
    trainer.sync()
    finished = trainer.finished()
    for after in (weights_of(model), weights_of(finished)):  # an average rounds its last digit
        still = {name for name in before if np.allclose(after[name], before[name], atol=1e-6)}
        assert still == {name for name in before if name.endswith(frozen)}


@pytest.mark.parametrize(
    ("frozen", "message"),
    [
        (("norm9/scale",), "got 'norm9/scale'"),
        (("kernel", "s", "t", "e", "_token"), "leave a trainable weight"),
    ],
)
def test_what_cannot_be_frozen_is_named(frozen, message):
    with pytest.raises(ValueError, match=message):
        Trainer(small_model(pooling="class"), TrainConfig(frozen=frozen))


def gradients_of(model, images, labels, size):
    """By finite differences of the loss, for a few numbers of each weight."""
    tiny = 1e-2
    rng = np.random.default_rng(0)
    for name, variable in model.weights_by_name().items():
        values = np.asarray(variable).copy()
        place = tuple(int(rng.integers(limit)) for limit in values.shape)
        losses = []
        for sign in (1, -1):
            changed = values.copy()
            changed[place] += sign * tiny
            variable.assign(changed)
            losses.append(float(mean_loss(model(images, patch_size=size), labels, 0.0)))
        variable.assign(values)
        yield name, place, (losses[0] - losses[1]) / (2 * tiny)


def test_first_adam_step_goes_against_the_gradient_by_the_rate(rng):
    # Adam's first step is rate * g / (|g| + 1e-7): the sign of each slope, found numerically.
    model = small_model()
    images = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, 4).astype(np.int32)
    slopes = list(gradients_of(model, images, labels, 16))
    before = weights_of(model)
    trainer = Trainer(model, TrainConfig(optimizer="adam", weight_decay=0.0))
    loss, right = trainer.step(images, labels, patch_size=16, rate=1e-3)
    trainer.sync()
    after = weights_of(model)
    checked = 0
    for name, place, slope in slopes:
        if abs(slope) > 1e-3:
            moved = after[name][place] - before[name][place]
            assert moved == pytest.approx(-1e-3 * np.sign(slope), rel=0.02), name
            checked += 1
    assert checked > 10
    assert loss > 0
    assert right in (0, 0.25, 0.5, 0.75, 1)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 32, 32, 3), np.uint8)
    return images, rng.integers(0, 10, 8).astype(np.int32)


def test_average_is_that_of_a_loop_and_starts_with_the_first_weights(batch):
    model = small_model()
    trainer = Trainer(model, TrainConfig(ema_decay=0.8))
    finished = trainer.finished()  # nothing is averaged yet: the weights themselves
    np.testing.assert_array_equal(
        weights_of(finished)["head/kernel"], np.asarray(model.head.kernel)
    )
    expected = None
    for _ in range(4):
        trainer.step(*batch, patch_size=16, rate=1e-2)
        trainer.sync()
        now = weights_of(model)["head/kernel"].astype(float)
        expected = now if expected is None else 0.8 * expected + 0.2 * now
    assert trainer.finished() is finished
    np.testing.assert_allclose(weights_of(finished)["head/kernel"], expected, rtol=1e-5, atol=1e-6)
    assert np.abs(expected - now).max() > 1e-3


def test_model_of_several_cycles_is_the_mean_of_those_at_their_ends(batch):
    trainer = Trainer(small_model(), TrainConfig(cycles=3))
    ends = []
    for _ in range(3):
        trainer.step(*batch, patch_size=16, rate=1e-2)
        if not ends:  # before the first end: the weights of now
            now = weights_of(trainer.finished())
            np.testing.assert_array_equal(
                now["head/kernel"], weights_of(trainer.model)["head/kernel"]
            )
        trainer.end_cycle()
        ends.append(weights_of(trainer.model))
        trainer.step(*batch, patch_size=16, rate=1e-2)  # counts only once it has ended, too
        for name, values in weights_of(trainer.finished()).items():
            expected = np.mean([end[name].astype(float) for end in ends], axis=0)
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-7, err_msg=name)
    assert np.abs(ends[2]["head/kernel"] - ends[0]["head/kernel"]).max() > 1e-3


def test_training_learns_a_batch_by_heart(batch):
    trainer = Trainer(small_model(), TrainConfig(weight_decay=0.0))
    losses = [trainer.step(*batch, patch_size=16, rate=1e-2)[0] for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]


def test_each_patch_size_trains_the_same_weights(batch):
    model = small_model()
    trainer = Trainer(model, TrainConfig())
    before = weights_of(model)
    for size in (16, 32):
        trainer.step(*batch, patch_size=size, rate=1e-2)
        trainer.sync()
        now = weights_of(model)
        assert np.abs(now["patch_embedding/kernel"] - before["patch_embedding/kernel"]).max() > 1e-3
        before = now


def test_dropout_is_drawn_from_the_seed(batch):
    def losses(seed):
        model = small_model(depth=1, dropout=0.5, attention_dropout=0.5)
        trainer = Trainer(model, TrainConfig(seed=seed))
        return [trainer.step(*batch, patch_size=16, rate=1e-3)[0] for _ in range(2)]

    first = losses(0)
    assert losses(0) == first
    assert losses(1) != first


@pytest.fixture
def preset(monkeypatch):
    """A small model with everything that has a state."""
    kind = small_config(depth=1, registers=1, dropout=0.3, position_dropout=0.3)
    monkeypatch.setitem(PRESETS, "small", kind)
    return TrainConfig(
        preset="small", ema_decay=0.9, optimizer="muon", label_smoothing=0.1, cycles=2
    )


def test_a_run_that_takes_the_steps_of_the_last_learns_what_it_would_alone(preset, batch):
    def learned(trainer):
        losses = [trainer.step(*batch, patch_size=size, rate=1e-2)[0] for size in (16, 32, 16)]
        trainer.end_cycle()
        arrays = {name: np.asarray(value).copy() for name, value in trainer.arrays().items()}
        return losses, arrays, weights_of(trainer.finished())

    later = preset.replace(seed=5, learning_rate=0.5, steps=7, cutmix=0.5, num_sketches=99)
    trainers = Trainers()
    first = trainers.make(preset, ProcessGroup())
    learned(first)
    compiled = dict(first._steps)
    second = trainers.make(later, ProcessGroup())
    assert second is first
    losses, *arrays = learned(second)
    assert second._steps == compiled
    alone, *expected = learned(Trainers().make(later, ProcessGroup()))
    assert losses == alone
    for found, wanted in zip(arrays, expected, strict=True):
        assert set(found) == set(wanted)
        for name, values in wanted.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize(
    "other",
    [
        {"preset": "tiny"},
        {"positions": "none"},
        {"precision": "bfloat16"},
        {"optimizer": "adamw"},
        {"weight_decay": 0.2},
        {"ema_decay": 0.0},
        {"frozen": ("norm1/scale",)},
        {"label_smoothing": 0.0},
        {"cycles": 1},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_is_written_into_a_step_makes_another_trainer(preset, other):
    trainers = Trainers()
    first = trainers.make(preset, ProcessGroup())
    second = trainers.make(preset.replace(**other), ProcessGroup())
    assert second is not first
    assert second.config == preset.replace(**other)


def test_state_of_another_configuration_is_refused():
    trainer = Trainer(small_model(), TrainConfig())
    arrays = {name: np.asarray(value) for name, value in trainer.arrays().items()}
    del arrays["model/head/bias"]
    with pytest.raises(ValueError, match="has another configuration: model/head/bias"):
        trainer.restore(arrays)
    arrays["model/head/bias"] = np.zeros(7, np.float32)
    with pytest.raises(ValueError, match=r"model/head/bias must have shape \(10,\), got \(7,\)"):
        trainer.restore(arrays)


def test_every_state_has_a_name_of_its_own():
    model = small_model(dropout=0.1, attention_dropout=0.1, position_dropout=0.1)
    trainer = Trainer(model, TrainConfig(ema_decay=0.9))
    names = list(trainer.arrays())
    assert len([name for name in names if name.startswith("dropout/")]) == 1 + 2 * 3
    assert len(names) == len(model.variables) + len(trainer.optimizer.variables)


def test_muon_moves_matrices_of_a_block_along_their_nearest_orthogonal_matrix(rng):
    """By its own variables: an SVD gives the matrix that Newton and Schulz come near to."""
    config = TrainConfig(optimizer="muon", weight_decay=0.0, learning_rate=0.1)
    model = small_model(pooling="class", registers=1)
    optimizer = make_optimizer(config, model)
    before = weights_of(model)
    gradients = {}  # below the limit of clipping, and none so small that it drowns in epsilon
    for name, values in before.items():
        signs = rng.choice([-1, 1], values.shape)
        gradients[name] = (signs * rng.uniform(1e-3, 2e-3, values.shape)).astype("f4")
    optimizer.apply([gradients[name] for name in before], model.trainable_variables)
    for name, values in weights_of(model).items():
        moved = before[name] - values
        if name.startswith("block") and name.endswith("kernel"):
            left, _, right = np.linalg.svd(gradients[name], full_matrices=False)
            largest = 0.1 * 0.2 * math.sqrt(max(moved.shape))
            sizes = np.linalg.svd(moved, compute_uv=False) / largest
            assert sizes.min() > 0.5, name
            assert sizes.max() < 1.5, name
            same = np.sum(moved * (left @ right)) / np.linalg.norm(moved)
            assert same > 0.95 * np.linalg.norm(left @ right), name
        else:  # AdamW's first step is the rate in the direction of each gradient's sign
            np.testing.assert_allclose(moved, 0.1 * np.sign(gradients[name]), atol=0.02)
