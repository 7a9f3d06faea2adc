"""A run from start to end: its files, its events, stopping, resuming and failing."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.vitcore.small_models import random_image, weights_of
from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.backend import hardware, software
from vitcore.checkpoints import CheckpointError
from vitcore.config import PRESETS
from vitcore.evaluation import Score
from vitcore.model import build, load
from vitcore.tracing import predict
from vitcore.training import events, loop, runs, schedule, snapshots, tensorboard
from vitcore.training.control import Control, write_control
from vitcore.training.exit_status import DivergedError
from vitcore.training.loop import Run, train
from vitcore.training.step import Trainer, Trainers
from vitcore.training.train_state import STATE, saved_progress

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr(loop, "_EVENT_SECONDS", 0.0)


@pytest.fixture(scope="module", autouse=True)
def steps_are_compiled_once():
    """Runs that are alike take each other's steps; that nothing else is taken is for test_step."""
    trainers = Trainers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "Trainers", lambda: trainers)
        yield


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run from its first step to its last, what it told, and what its model predicts."""
    folder = tmp_path_factory.mktemp("straight")
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_EVENT_SECONDS", 0.0)
        run = train(folder, CONFIG, notice=told.append)
    predicted = predict(run.trainer.finished(), random_image()[None], patch_size=16)
    return SimpleNamespace(folder=folder, told=told, run=run, predicted=predicted)


@pytest.fixture
def nothing_to_learn(monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)


def arrays(folder):
    return load_file(folder / STATE)


def assert_same_state(one, other):
    one, other = arrays(one), arrays(other)
    assert set(one) == set(other)
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def stopped_after(folder, step, config=CONFIG):
    """A run that is told to stop when it has taken `step` steps."""

    def watch(event):
        if event["event"] == "step" and event["step"] == step:
            run.control.stop()

    run = Run(folder, config, notice=watch)
    assert run.train() == "stopped"
    return run


def test_run_leaves_a_model_that_can_be_loaded(straight):
    model = load(straight.folder)
    assert model.config == PRESETS["small"]
    predicted = predict(model, random_image()[None], patch_size=16)
    np.testing.assert_array_equal(predicted, straight.predicted)


def test_model_of_a_run_is_the_moving_average(straight):
    _, weights = checkpoints.read(straight.folder)
    state = arrays(straight.folder)
    last = state["model/head/kernel"]
    assert np.abs(weights["head/kernel"] - last).max() > 1e-4
    assert any(
        values.shape == last.shape and np.array_equal(values, weights["head/kernel"])
        for name, values in state.items()
        if name.startswith("optimizer/")
    )


def test_run_folder_holds_its_files_and_nothing_else(straight):
    boards = [file.name for file in straight.folder.glob(tensorboard.FILE_NAME)]
    assert len(boards) == 1
    names = {file.name for file in straight.folder.iterdir()} - {*boards}
    files = {checkpoints.CONFIG, checkpoints.WEIGHTS, STATE, events.FILE_NAME}
    assert names == files | {snapshots.FOLDER}


def test_events_tell_the_run_in_order(straight):
    written, _ = events.read(straight.folder)
    kinds = [event["event"] for event in written]
    # Six steps, three to an epoch; after each a snapshot, but for the last, and a validation.
    each = ["step", "snapshot", "validation"]
    ending = ["step", "validation", "checkpoint", "end"]
    beginning = ["start", "snapshot", "checkpoint"]
    assert kinds == [*beginning, *each * 3, "checkpoint", *each * 2, *ending]
    assert [event["step"] for event in written if event["event"] == "step"] == [1, 2, 3, 4, 5, 6]
    assert [event["event"] for event in straight.told] == kinds


def test_events_hold_what_the_pages_read(straight):
    written, _ = events.read(straight.folder)
    start, _, _, step, _, validation = written[:6]
    assert (start["steps"], start["steps_per_epoch"]) == (6, 3)
    assert start["parameters"] == build(PRESETS["small"]).count_params()
    assert (start["hardware"], start["software"]) == (hardware(), software())
    assert set(step) == {
        "event", "step", "epoch", "loss", "accuracy",
        "learning_rate", "images_per_second", "patch_size", "points", "time",
    }  # fmt: skip
    assert set(validation) == {"event", "step", "epoch", "loss", "accuracy", "top5", "time"}
    assert step["epoch"] == pytest.approx(1 / 3)
    assert step["patch_size"] in CONFIG.patch_sizes
    assert written[-1]["state"] == "finished"
    assert written[-1]["reason"] == "Finished after 6 steps."
    times = [event["time"] for event in written]
    assert times == sorted(times)


def test_progress_is_saved_with_the_variables(straight):
    config, progress = saved_progress(straight.folder)
    assert config == CONFIG
    assert (progress.step, progress.images_seen) == (6, 6 * 8)
    assert progress.seconds > 0


@pytest.mark.parametrize("step", [4, 6])  # in the middle, and the last one
def test_run_that_was_stopped_and_resumed_equals_the_straight_one(straight, tmp_path, step):
    stopped_after(tmp_path, step)  # before its validation, which is made up for
    assert saved_progress(tmp_path)[1].step == step
    assert events.read(tmp_path)[0][-1]["reason"] == f"Stopped after {step} steps."
    train(tmp_path, CONFIG, resume=True)
    assert events.read(tmp_path)[0][-1]["state"] == "finished"
    assert_same_state(tmp_path, straight.folder)
    resumed, whole = (
        [
            (event["event"], event.get("step"), event.get("loss"))
            for event in events.read(folder)[0]
            if event["event"] == "validation"
        ]
        for folder in (tmp_path, straight.folder)
    )
    assert resumed == whole


def test_bfloat16_trains_float32_weights(tmp_path):
    train(tmp_path, CONFIG.replace(precision="bfloat16", steps=3, patch_sizes=(16,)))
    kinds = {values.dtype.name for values in arrays(tmp_path).values()}
    assert kinds <= {"float32", "int64", "int32", "uint32"}
    losses = [event["loss"] for event in events.read(tmp_path)[0] if event["event"] == "step"]
    assert losses[0] == pytest.approx(2.3026, abs=0.02)  # ten classes, all as likely


def test_run_of_another_configuration_is_not_resumed(straight):
    with pytest.raises(ValueError, match=r"cannot resume: .* seed \(3 and 4\)"):
        Run(straight.folder, CONFIG.replace(seed=4), resume=True)


def test_folder_that_holds_a_run_is_not_overwritten(straight):
    with pytest.raises(ValueError, match="already has a run"):
        Run(straight.folder, CONFIG)


def test_finished_run_that_is_resumed_stays_finished(straight, tmp_path):
    shutil.copytree(straight.folder, tmp_path, dirs_exist_ok=True)
    assert train(tmp_path, CONFIG, resume=True).progress.step == 6
    assert_same_state(tmp_path, straight.folder)


def test_stop_before_the_first_step_leaves_the_untrained_model(tmp_path):
    run = Run(tmp_path, CONFIG)
    run.control.stop()
    assert run.train() == "stopped"
    _, weights = checkpoints.read(tmp_path)
    first = build(PRESETS["small"], seed=CONFIG.seed).weights_by_name()
    for name, values in weights.items():
        np.testing.assert_array_equal(values, np.asarray(first[name]))


def poisoned_after(folder, step, *, steps):
    """A run one of whose weights is no number once it has taken `step` steps."""

    def watch(event):
        if event["event"] == "step" and event["step"] == step:
            run.trainer.model.head.bias.assign(np.full(10, np.nan))

    run = Run(folder, CONFIG.replace(steps=steps, patch_sizes=(16,)), notice=watch)
    with pytest.raises(DivergedError) as caught:
        run.train()
    return str(caught.value), events.read(folder)[0][-1]


def test_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_weights(tmp_path):
    message, end = poisoned_after(tmp_path, 4, steps=6)  # a checkpoint was saved after step 3
    assert message.startswith("Loss is NaN at step 5 (learning rate ")
    assert (end["event"], end["state"], end["reason"]) == ("end", "failed", message)
    assert (end["cause"], end["usable_rate"]) == ("diverged", CONFIG.learning_rate / 10)
    assert saved_progress(tmp_path)[1].step == 3
    assert all(np.isfinite(values).all() for values in arrays(tmp_path).values())
    _, weights = checkpoints.read(tmp_path)
    assert all(np.isfinite(values).all() for values in weights.values())


@pytest.mark.parametrize(
    ("changes", "measured"),
    [
        ({}, {4, 8, 9, 12, 16, 18, 20, 24, 27, 28, 32, 36}),
        ({"schedule": "plateau"}, {*range(3, 37, 3), *range(4, 37, 4)}),
        ({"early_stopping": 30}, {*range(3, 37, 3), *range(4, 37, 4)}),
    ],
)
def test_long_run_is_measured_after_some_epochs_unless_it_goes_by_each(
    tmp_path, monkeypatch, changes, measured
):
    monkeypatch.setattr(schedule, "_MEASURED", 4)
    monkeypatch.setattr(Trainer, "begin", quick_step)
    train(tmp_path, CONFIG.replace(steps=36, **changes))  # twelve epochs, a tenth is four steps
    told = [e["step"] for e in events.read(tmp_path)[0] if e["event"] == "validation"]
    assert told == sorted(measured)


def test_a_long_run_tells_its_steps_more_seldom(nothing_to_learn, tmp_path):
    run = Run(tmp_path, CONFIG)
    run.progress.seconds = 1e9  # of 30 years: a line in a day
    run.train()
    steps = [event["step"] for event in events.read(tmp_path)[0] if event["event"] == "step"]
    assert steps == [1, 6]


@pytest.fixture
def accelerator(monkeypatch):
    """As on a GPU: losses are asked for late, batches are drawn in another process."""
    monkeypatch.setattr(loop.backend, "on_accelerator", lambda: True)
    monkeypatch.setattr(loop, "_EVENT_SECONDS", 1e9)


def test_losses_asked_for_late_change_nothing(accelerator, straight, tmp_path):
    run = train(tmp_path, CONFIG)
    assert_same_state(tmp_path, straight.folder)
    assert run.progress.images_seen == straight.run.progress.images_seen
    steps = [event for event in events.read(tmp_path)[0] if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 6]  # between, no one waited for one
    losses = [event["loss"] for event in straight.told if event["event"] == "step"]
    assert steps[1]["loss"] == pytest.approx(np.mean(losses[1:]))


def test_epochs_of_an_accelerator_are_saved_by_the_clock(accelerator, tmp_path):
    train(tmp_path, CONFIG)
    told = [event["step"] for event in events.read(tmp_path)[0] if event["event"] == "checkpoint"]
    assert told == [0, 6]  # not after step 3, where an epoch ends


def test_loss_that_is_no_number_is_named_by_its_step_though_it_is_seen_late(
    accelerator, tmp_path, monkeypatch
):
    calls = []

    def poisoned(trainer, *batch, **options):
        calls.append(options["rate"])
        loss, right = quick_step(trainer)
        return (np.nan if len(calls) == 5 else loss), right

    monkeypatch.setattr(Trainer, "begin", poisoned)
    config = CONFIG.replace(steps=60, num_sketches=72, patch_sizes=(16,))  # nine steps to an epoch
    run = Run(tmp_path, config.replace(warmup_ratio=0.25))
    run._snapshots = frozenset()
    with pytest.raises(DivergedError, match=rf"NaN at step 5 \(learning rate {5e-3 / 15:.3g}\)"):
        run.train()
    assert len(calls) == 6  # after which comes a validation
    end = events.read(tmp_path)[0][-1]
    assert (end["event"], end["state"], end["step"]) == ("end", "failed", 4)


def test_stop_is_heard_while_a_step_is_being_compiled(accelerator, tmp_path, monkeypatch):
    looks = []

    def compiled(trainer, size, seconds):
        looks.append(size)
        if len(looks) == 3:
            write_control(tmp_path, "stop")
        return False

    monkeypatch.setattr(Trainer, "compiled", compiled)
    run = train(tmp_path, CONFIG)
    assert (run.progress.step, len(looks)) == (0, 3)
    assert events.read(tmp_path)[0][-1]["state"] == "stopped"


def test_model_of_several_cycles_is_a_mean_and_is_resumed_to_the_bit(tmp_path):
    config = CONFIG.replace(cycles=2, ema_decay=0.0)
    ends = []

    def watch(event):
        if event["event"] == "step" and event["step"] in (3, 6):
            ends.append(weights_of(run.trainer.model))

    run = Run(tmp_path / "straight", config, notice=watch)
    run.train()
    for name, values in checkpoints.read(tmp_path / "straight")[1].items():
        np.testing.assert_allclose(values, (ends[0][name] + ends[1][name]) / 2, atol=1e-6)
    assert np.abs(ends[0]["head/kernel"] - ends[1]["head/kernel"]).max() > 1e-4
    rates = [
        e["learning_rate"]
        for e in events.read(tmp_path / "straight")[0]
        if "loss" in e and "learning_rate" in e
    ]
    assert rates[3:] == rates[:3]

    stopped_after(tmp_path / "parts", 4, config)
    train(tmp_path / "parts", config, resume=True)
    assert_same_state(tmp_path / "straight", tmp_path / "parts")


def test_run_starts_from_another_model_and_is_resumed_without_it(straight, tmp_path):
    other = shutil.copytree(straight.folder, tmp_path / "other")
    config = CONFIG.replace(init_from=str(other))
    stopped_after(tmp_path / "run", 2, config)
    _, wanted = checkpoints.read(other)
    _, first = checkpoints.read(snapshots.list_snapshots(tmp_path / "run")[0])
    for name, values in wanted.items():
        np.testing.assert_allclose(first[name], values, rtol=1e-3, atol=1e-4, err_msg=name)
    shutil.rmtree(other)
    assert train(tmp_path / "run", config, resume=True).progress.step == 6


def test_model_that_several_cycles_start_from_is_one_of_those_averaged(straight, tmp_path):
    start, end = checkpoints.read(straight.folder)[1], {}
    config = CONFIG.replace(init_from=str(straight.folder), cycles=2, ema_decay=0.0)

    def watch(event):
        if event["event"] == "step" and event["step"] == 3:
            end.update(weights_of(run.trainer.model))
            run.control.stop()

    run = Run(tmp_path / "two", config, notice=watch)
    run.train()
    two = checkpoints.read(tmp_path / "two")[1]
    for name, values in two.items():
        np.testing.assert_allclose(values, (start[name] + end[name]) / 2, atol=1e-6, err_msg=name)

    run = Run(tmp_path / "three", config.replace(init_from=str(tmp_path / "two")), notice=watch)
    run.train()  # which goes on with a mean of two
    for name, values in checkpoints.read(tmp_path / "three")[1].items():
        mean = (2 * two[name] + end[name]) / 3
        np.testing.assert_allclose(values, mean, atol=1e-6, err_msg=name)


def test_run_starts_only_from_a_model_like_the_one_it_trains(tmp_path):
    with pytest.raises(
        ValueError, match=r"architecture mismatch with flexi-cifar10: .*depth \(6 and 1\)"
    ):
        Run(tmp_path / "run", CONFIG.replace(init_from="flexi-cifar10"))
    with pytest.raises(CheckpointError, match="nowhere"):
        Run(tmp_path / "run", CONFIG.replace(init_from="nowhere"))
    assert not (tmp_path / "run").exists()


def test_interrupt_of_the_keyboard_is_no_failure(tmp_path, monkeypatch):
    calls = []

    def interrupted(trainer, *batch, **options):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return quick_step(trainer)

    monkeypatch.setattr(Trainer, "begin", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, CONFIG)
    end = events.read(tmp_path)[0][-1]
    assert (end["state"], end["step"]) == ("interrupted", 4)
    assert end["reason"] == (
        "Interrupted after 4 steps; the run can be resumed from the checkpoint at step 3."
    )


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    # The loss of the last step was still a number.
    message, end = poisoned_after(tmp_path, 2, steps=2)
    assert message.startswith("Weights are NaN or infinite after step 2 ")
    assert (end["state"], end["reason"]) == ("failed", message)
    assert saved_progress(tmp_path)[1].step == 0
    assert all(np.isfinite(values).all() for values in checkpoints.read(tmp_path)[1].values())
    assert list(snapshots.list_snapshots(tmp_path)) == [0, 1]


def test_rate_beyond_all_measure_ends_the_run_with_the_weights_before(tmp_path):
    run = Run(tmp_path, CONFIG.replace(learning_rate=1e9, patch_sizes=(16,)))
    with pytest.raises(DivergedError, match=r" NaN .*rate 1e\+09\)\. Try learning_rate=0\.001"):
        run.train()
    kept = [tmp_path, *snapshots.list_snapshots(tmp_path).values()]
    assert len(kept) > 1
    for folder in kept:
        assert all(np.isfinite(values).all() for values in checkpoints.read(folder)[1].values())


def test_validation_whose_loss_is_no_number_ends_the_run(tmp_path, monkeypatch, nothing_to_learn):
    monkeypatch.setattr(loop, "score", lambda *_, **__: Score(0.1, 0.5, np.inf, 10))
    run = Run(tmp_path, CONFIG.replace(patch_sizes=(16,)))
    with pytest.raises(DivergedError, match="Validation loss is infinite after step 1 "):
        run.train()
    assert saved_progress(tmp_path)[1].step == 0


def test_error_while_saving_is_a_failed_run(tmp_path, monkeypatch):
    run = Run(tmp_path, CONFIG)
    run.control.stop()

    def broken_disk(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(checkpoints, "write", broken_disk)
    with pytest.raises(OSError, match="input/output error"):
        run.train()
    end = events.read(tmp_path)[0][-1]
    assert (end["state"], end["cause"]) == ("failed", "error")
    assert "input/output error" in end["reason"]


def test_run_whose_folder_is_deleted_stops_and_does_not_make_it_anew(tmp_path, nothing_to_learn):
    folder, told = tmp_path / "quiet-heron", []

    def watch(event):
        told.append(event)
        if event["event"] == "step" and event["step"] == 2:
            shutil.rmtree(folder)

    runs.write_description(folder, CONFIG)
    run = Run(folder, CONFIG, notice=watch)
    assert run.train() == "stopped"
    assert run.progress.step == 2
    assert told[-1]["reason"] == "The run folder was deleted."
    assert not folder.exists()


def test_folder_deleted_before_the_model_is_built_is_not_made_anew(tmp_path):
    folder = tmp_path / "quiet-heron"
    runs.write_description(folder, CONFIG)
    control = Control(folder)
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="folder was deleted"):
        Run(folder, CONFIG, control=control)
    assert not folder.exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.9])
def test_damaged_state_is_named_with_what_to_do(straight, tmp_path, share):
    whole = (straight.folder / STATE).read_bytes()
    (tmp_path / STATE).write_bytes(whole[: int(share * len(whole))])
    message = f"{STATE} of {tmp_path.name} is corrupted, .* start a new run"
    with pytest.raises(CheckpointError, match=message):
        saved_progress(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        Run(tmp_path, CONFIG, resume=True)


def test_missing_state_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=f"has no {STATE}"):
        saved_progress(tmp_path)


FALLING = (2.0, 1.0, 1.0, 1.00005, 0.99995, 1.2, 1.1)
LOSSES = (*FALLING, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


# Keras' own: its callback reads a variable without NumPy 2's copy argument.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("rate", [2e-3, 1.1e-5, 5e-6])
def test_rate_drops_on_a_plateau_as_keras_drops_it(monkeypatch, tmp_path, rate):
    losses = iter(LOSSES)
    monkeypatch.setattr(loop, "score", lambda *_, **__: Score(0.1, 0.5, next(losses), 10))
    monkeypatch.setattr(Trainer, "begin", lambda *_, **__: (1.0, 0.1))
    config = CONFIG.replace(
        schedule="plateau", warmup_ratio=0.0, learning_rate=rate, steps=len(LOSSES), batch_size=24
    )
    train(tmp_path, config)
    written = events.read(tmp_path)[0]
    told = [event["learning_rate"] for event in written if event["event"] == "step"]

    reference = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", factor=0.8, patience=5, min_lr=1e-5
    )
    optimizer = keras.optimizers.Adam(rate)
    reference.set_model(SimpleNamespace(optimizer=optimizer))
    reference.on_train_begin()
    expected = []
    for epoch, loss in enumerate(LOSSES):
        expected.append(float(optimizer.learning_rate))
        reference.on_epoch_end(epoch, {"val_loss": loss})
    assert told == pytest.approx(expected, rel=1e-5)


def test_epochs_are_counted_in_steps(tmp_path):
    run = Run(tmp_path, CONFIG.replace(steps=0, epochs=2.5))
    assert run.steps == 8  # three steps each: 7.5, rounded to even


def test_saved_state_says_what_it_belongs_to(straight):
    from safetensors import safe_open

    with safe_open(straight.folder / STATE, "numpy") as file:
        state = json.loads(file.metadata()["state"])
    assert state["train"]["seed"] == 3
    assert state["progress"]["step"] == 6
