"""Which moments of a training there are, and what their weights show, beside other ways to it."""

import numpy as np
import pytest

from explorer.client.snapshot_metrics import tiles_of, weights_at
from explorer.client.snapshots import Moment, history, with_news
from tests.explorer.small_trainings import break_weights, write_run, write_shipped
from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.initialisation import initial_weights
from vitcore.interpret.filters import principal_components
from vitcore.interpret.positions import cosine_similarity, spatial_correlation
from vitcore.patches import pi_resize, resize_grid, sincos_2d
from vitcore.training import events, snapshots
from vitcore.training.runs import read_run


def steps(past):
    return [moment.step for moment in past.moments]


def moment_of(folder, **more):
    return Moment(0, folder, checkpoints.stamp(folder), **more)


def test_ended_run_is_its_own_last_moment(tmp_path):
    past = history(read_run(write_run(tmp_path / "run")))
    assert steps(past) == [0, 5, 20, 40]
    assert past.moments[-1].folder == tmp_path / "run"
    assert (past.steps, past.steps_per_epoch, past.lives) == (40, 10, False)
    assert past == history(tmp_path / "run")


def test_run_that_lives_shows_snapshots_only_and_finds_new_ones(tmp_path):
    folder = write_run(tmp_path / "run", end=None)
    past = history(folder)
    assert steps(past) == [0, 5, 20]
    assert past.lives
    assert with_news(past) is past
    snapshots.write(folder, 27, small_config(), random_weights(small_config(), 3))
    assert steps(with_news(past)) == [0, 5, 20, 27]


def test_run_that_has_just_begun_has_no_config_of_its_own(tmp_path):
    folder = write_run(tmp_path / "run", end=None, kept=())
    for name in ("config.json", "weights.safetensors", "events.jsonl"):
        (folder / name).unlink()
    past = history(read_run(folder))
    assert (past.moments, past.config, past.steps, past.lives) == ((), None, 0, True)
    write_run(folder, end=None, kept=(0,))
    (folder / "config.json").unlink()
    begun = with_news(past)
    assert (steps(begun), begun.config, begun.steps) == ([0], small_config(), 40)
    assert begun == history(read_run(folder))


def test_log_that_begins_otherwise_says_nothing_of_the_plan(tmp_path):
    folder = write_run(tmp_path / "run")
    for text in ("", "[]\n", '{"event": "start", "steps": "many", "steps_per_epoch": null}\n'):
        (folder / "events.jsonl").write_text(text)
        assert history(folder).steps == 0


def test_weights_of_a_failed_run_stand_where_they_were_written(tmp_path):
    folder = write_run(tmp_path / "run", end="failed", at=17)
    assert steps(history(folder)) == [0, 5, 17, 20]


def test_weights_of_a_run_stopped_while_the_disk_was_full_stand_where_they_were_written(tmp_path):
    folder = write_run(tmp_path / "run", end=None)
    log = events.EventLog(folder)
    log("checkpoint", step=30)
    log("end", state="stopped", reason="Stopped while the disk was full.", step=40)
    log.close()
    assert steps(history(folder)) == [0, 5, 20, 30]


def test_after_an_early_end_the_model_stands_where_it_was_best(tmp_path):
    folder = write_run(tmp_path / "run", early_stopping=2)
    assert history(folder).best_at is None
    log = events.EventLog(folder)
    for step, epoch, loss in ((20, 2, 0.8), (25, 2.5, 0.1), (30, 3, 0.9), (40, 4, 0.9)):
        log("validation", step=step, epoch=epoch, loss=loss)
    log.close()
    past = history(folder)
    assert (steps(past), past.best_at) == ([0, 5, 20], 20)
    assert past.moments[-1].folder == folder


def test_a_history_knows_what_was_learned_from_and_whether_it_failed(tmp_path):
    past = history(write_run(tmp_path / "run", end="failed"))
    assert (past.data, past.failed) == ("sketch10", True)
    folder = write_shipped(tmp_path / "model")
    assert (history(folder).data, history(folder).failed) == ("", False)
    for train, data in (({"data": "cifar10"}, "cifar10"), ({"sketch_fraction": 0.1}, "both")):
        checkpoints.write_card(folder, {"steps": 40, "train": train})
        assert history(folder).data == data


def test_model_that_is_shipped_with_snapshots_begins_with_its_first_weights(tmp_path):
    folder = write_shipped(tmp_path / "model")
    past = history(folder)
    assert steps(past) == [0, 5, 20, 40]
    assert [moment.seed for moment in past.moments] == [7, None, None, None]
    assert (past.steps, past.steps_per_epoch) == (40, 10)
    checkpoints.write_card(folder, {**checkpoints.card(folder), "earlier_stages": [{"steps": 5}]})
    assert history(folder).steps_per_epoch == 0  # it is not the same in all its runs


def test_model_without_snapshots_has_no_moments(tmp_path):
    folder = write_shipped(tmp_path / "model")
    for path in snapshots.list_snapshots(folder).values():
        (path / "config.json").unlink()
    assert steps(history(folder)) == []


def test_unknown_model_is_refused():
    with pytest.raises(CheckpointError, match="nobody"):
        history("nobody")


@pytest.mark.parametrize("patch_size", [2, 4, 5, 8, 32])
def test_weights_show_what_the_other_pages_compute(tmp_path, patch_size):
    config, weights = small_config(), random_weights(small_config(), 0)
    snapshots.write(tmp_path, 3, config, weights)
    shown = weights_at(moment_of(snapshots.list_snapshots(tmp_path)[3]), config, patch_size, None)
    half = {name: values.astype(np.float16).astype(np.float32) for name, values in weights.items()}
    side = config.grid_side(patch_size)
    similarity = cosine_similarity(resize_grid(half["positions"], (side, side)))
    tiles = similarity[:: tiles_of(side).step, :: tiles_of(side).step]
    cosines = shown.similarity / 127.5 - 1
    np.testing.assert_allclose(cosines, tiles.reshape(cosines.shape), atol=1 / 255 + 1e-6)
    assert shown.closeness == spatial_correlation(similarity)
    kernel = pi_resize(half["patch_embedding/kernel"], min(patch_size, 4))
    shares = principal_components(kernel).explained
    np.testing.assert_allclose(shown.components.explained, shares[:36], atol=1e-6)


def test_fine_grids_show_every_second_tile():
    assert list(tiles_of(3)) == [0, 1, 2]
    assert len(tiles_of(11)) == 11
    assert list(tiles_of(16)) == [0, 2, 4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize("weight_init", ["xavier", "mimetic"])
def test_first_weights_are_those_of_the_seed(tmp_path, weight_init):
    config = small_config(weight_init=weight_init, positions="learned")
    folder = write_shipped(tmp_path / "model", config=config, seed=3)
    snapshots.write(tmp_path, 0, config, initial_weights(config, 3))
    made = weights_at(moment_of(folder, seed=3), config, 4, None)
    stored = weights_at(moment_of(snapshots.list_snapshots(tmp_path)[0]), config, 4, None)
    assert np.abs(made.similarity.astype(int) - stored.similarity).max() <= 1
    shares = stored.components.explained
    np.testing.assert_allclose(made.components.explained, shares, atol=1e-3)


def test_positions_that_are_waves_are_the_model_s_own(tmp_path):
    config = small_config(positions="sincos2d")
    snapshots.write(tmp_path, 3, config, random_weights(config))
    shown = weights_at(moment_of(snapshots.list_snapshots(tmp_path)[3]), config, 8, None)
    waves = cosine_similarity(sincos_2d((4, 4), config.width, base=4))
    assert shown.closeness == spatial_correlation(waves)


def test_model_without_positions_has_no_similarity(tmp_path):
    config = small_config(positions="none")
    snapshots.write(tmp_path, 3, config, random_weights(config))
    shown = weights_at(moment_of(snapshots.list_snapshots(tmp_path)[3]), config, 8, None)
    assert (shown.similarity, shown.closeness) == (None, None)


def test_weights_that_are_no_numbers_are_named(tmp_path):
    break_weights(tmp_path / "broken")
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        weights_at(moment_of(tmp_path / "broken"), small_config(), 4, None)
