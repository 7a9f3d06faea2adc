"""Early stopping and pauses in a run: when it ends, whose weights it leaves, what it tells."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.evaluation import Score
from vitcore.training import events, loop
from vitcore.training.control import write_control
from vitcore.training.loop import Run, train
from vitcore.training.step import Trainer
from vitcore.training.train_state import saved_progress

# One step is one epoch, and no moving average: the weights of an epoch are those of its step.
CONFIG = CONFIG.replace(
    batch_size=24, ema_decay=0.0, patch_sizes=(16,), steps=8, schedule="plateau"
)
LOSSES = (2.0, 1.0, 1.2, 0.9, 1.1, 0.9, 1.3, 0.1)


@pytest.fixture
def measured(monkeypatch):
    """Validation losses that a test chooses."""
    losses = iter(LOSSES)
    monkeypatch.setattr(loop, "score", lambda *_, **__: Score(0.1, 0.5, next(losses), 10))
    monkeypatch.setattr(Trainer, "begin", quick_step)


def weights_by_epoch(folder, config):
    """A run that records the weights after each step."""
    kept = {}

    def watch(event):
        if event["event"] == "validation":
            model = run.trainer.model.weights_by_name()
            kept[event["epoch"]] = {name: np.asarray(value).copy() for name, value in model.items()}

    run = Run(folder, config, notice=watch)
    assert run.train() == "finished"
    return kept


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("patience", [2, 20])
def test_a_run_stops_where_keras_stops_and_keeps_the_weights_that_keras_keeps(
    measured, tmp_path, patience
):
    kept = weights_by_epoch(tmp_path, CONFIG.replace(early_stopping=patience))

    reference = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=patience, restore_best_weights=True
    )
    model = SimpleNamespace(stop_training=False, weights=None, get_weights=lambda: model.weights)
    model.set_weights = lambda weights: setattr(model, "weights", weights)
    reference.set_model(model)
    reference.on_train_begin()
    for epoch, loss in enumerate(LOSSES, start=1):
        model.weights = epoch
        reference.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    reference.on_train_end()

    assert max(kept) == epoch
    _, weights = checkpoints.read(tmp_path)
    for name, values in kept[model.weights].items():
        np.testing.assert_array_equal(weights[name], values, err_msg=name)
    end = events.read(tmp_path)[0][-1]
    assert f"the weights of epoch {model.weights} " in end["reason"]
    assert end["reason"].startswith("Early stopping" if epoch < 8 else "Finished after 8 steps")


def test_a_run_that_stopped_early_stays_finished_when_resumed(measured, tmp_path):
    config = CONFIG.replace(early_stopping=2)
    train(tmp_path, config)
    assert saved_progress(tmp_path)[1].step == 6
    _, before = checkpoints.read(tmp_path)
    assert train(tmp_path, config, resume=True).progress.step == 6
    _, after = checkpoints.read(tmp_path)
    np.testing.assert_array_equal(before["head/kernel"], after["head/kernel"])


def test_a_pause_is_told_with_all_that_was_done_and_its_model_can_be_read(measured, tmp_path):
    # The clock of a waiting run: what happens while it is paused.
    def meanwhile(_):
        told = events.read(tmp_path)[0]
        seen.append([event["event"] for event in told][-2:])
        assert checkpoints.read(tmp_path)[1]
        write_control(tmp_path, words.pop(0))

    seen, words = [], ["step 1", "run"]
    run = Run(tmp_path, CONFIG)
    run.control._clock = meanwhile
    write_control(tmp_path, "pause")
    assert run.train() == "finished"
    assert seen == [["paused", "checkpoint"]] * 2
    kinds = [event["event"] for event in events.read(tmp_path)[0]]
    assert kinds.count("resumed") == 1
    steps = [event for event in events.read(tmp_path)[0] if event["event"] in ("step", "paused")]
    assert [(event["event"], event["step"]) for event in steps[:3]] == [
        ("paused", 0),
        ("step", 1),
        ("paused", 1),
    ]


def test_a_run_that_pauses_learns_the_same(tmp_path):
    train(tmp_path / "straight", CONFIG)

    def meanwhile(_):
        write_control(tmp_path / "paused", "epoch 1" if "epoch" not in words else "run")
        words.append("epoch")

    words = []
    run = Run(tmp_path / "paused", CONFIG)
    run.control._clock = meanwhile
    write_control(tmp_path / "paused", "pause")
    run.train()
    for name, values in checkpoints.read(tmp_path / "straight")[1].items():
        np.testing.assert_array_equal(values, checkpoints.read(tmp_path / "paused")[1][name])


def test_a_run_whose_server_is_gone_says_so_and_can_go_on(measured, tmp_path):
    run = Run(tmp_path, CONFIG)
    run.control.lost = True
    run.control.stop()
    run.train()
    end = events.read(tmp_path)[0][-1]
    assert end["state"] == "interrupted"
    assert f"step {end['step']}" in end["reason"]
    assert train(tmp_path, CONFIG, resume=True).progress.step == 8
