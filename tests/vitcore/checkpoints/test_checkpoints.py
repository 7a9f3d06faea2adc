"""Models on disk: what is written is read back, what is corrupted is named."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.vitcore.small_models import random_weights, small_config
from vitcore import cache, checkpoints
from vitcore.checkpoints import CARD, CONFIG, WEIGHTS, CheckpointError

CONFIGURATION = small_config(pooling="class", registers=1, qk_norm=True)


@pytest.fixture
def folder(tmp_path):
    """A whole model."""
    checkpoints.write(tmp_path / "model", CONFIGURATION, random_weights(CONFIGURATION))
    return tmp_path / "model"


def test_what_is_written_is_read_back(folder):
    config, weights = checkpoints.read(folder)
    assert config == CONFIGURATION
    expected = random_weights(CONFIGURATION)
    assert list(weights) == list(expected)
    for name, values in weights.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, expected[name])


def test_some_weights_are_read_without_the_others(folder):
    config, weights = checkpoints.read_some(folder, ["positions", "class_token"])
    assert config == CONFIGURATION
    assert list(weights) == ["positions", "class_token"]
    for name, values in weights.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, random_weights(CONFIGURATION)[name])


def test_some_weights_that_cannot_be_read_are_named(folder):
    with pytest.raises(CheckpointError, match="nothing"):
        checkpoints.read_some(folder, ["nothing"])
    values = {"positions": np.zeros((2, 2, 16), np.float32)}
    save_file(values, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"positions of model must have shape \(4, 4, 16\)"):
        checkpoints.read_some(folder, ["positions"])
    (folder / WEIGHTS).write_bytes(b"short")
    with pytest.raises(CheckpointError, match="corrupted"):
        checkpoints.read_some(folder, ["positions"])
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match="corrupted"):
        checkpoints.read_some(folder, ["positions"])


def test_half_precision_is_half_the_size_and_near(folder):
    whole = (folder / WEIGHTS).stat().st_size
    checkpoints.write(folder, CONFIGURATION, random_weights(CONFIGURATION), half=True)
    assert (folder / WEIGHTS).stat().st_size < 0.7 * whole
    _, weights = checkpoints.read(folder)
    for name, values in random_weights(CONFIGURATION).items():
        assert weights[name].dtype == np.float32
        np.testing.assert_array_equal(weights[name], values.astype(np.float16))


def test_only_the_named_files_are_left(folder):
    assert {file.name for file in folder.iterdir()} == {CONFIG, WEIGHTS}


def test_model_is_found_by_folder_by_run_and_as_text(folder, monkeypatch, tmp_path):
    assert checkpoints.folder_of(str(folder)) == folder
    monkeypatch.setattr(cache, "runs_home", lambda: tmp_path)
    assert checkpoints.folder_of("model") == folder


@pytest.mark.parametrize("name", checkpoints.bundled())
def test_bundled_model_is_whole_and_has_a_card(name):
    config, weights = checkpoints.read(name)
    assert all(np.isfinite(values).all() for values in weights.values())
    card = checkpoints.card(name)
    assert card["accuracy"]
    assert config.image_size == 32


@pytest.mark.parametrize("name", ["resnet", "", "../model", "/nowhere/at/all"])
def test_unknown_name_is_refused_with_what_there_is(name):
    with pytest.raises(CheckpointError, match="model not found: .* a run or a folder") as caught:
        checkpoints.read(name)
    assert repr(name) in str(caught.value)


def test_missing_weights_are_named(folder):
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=f"model has no {WEIGHTS}"):
        checkpoints.read(folder)


def test_every_truncation_is_noticed(folder):
    whole = (folder / WEIGHTS).read_bytes()
    for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        (folder / WEIGHTS).write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="of model is corrupted"):
            checkpoints.read(folder)


def test_file_that_is_no_weights_is_damaged(folder):
    (folder / WEIGHTS).write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(CheckpointError, match="of model is corrupted"):
        checkpoints.read(folder)


def test_weight_that_is_missing_is_named(folder):
    weights = random_weights(CONFIGURATION)
    del weights["norm/scale"]
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="do not match its config: norm/scale"):
        checkpoints.read(folder)


def test_weight_too_many_is_named(folder):
    weights = random_weights(CONFIGURATION) | {"extra": np.zeros(3, np.float32)}
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="do not match its config: extra"):
        checkpoints.read(folder)


def test_weight_of_another_shape_is_named_with_both(folder):
    weights = random_weights(CONFIGURATION) | {"head/bias": np.zeros(7, np.float32)}
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(
        CheckpointError, match=r"head/bias of model must have shape \(10,\), got \(7,\)"
    ):
        checkpoints.read(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"model": null}',
        '{"model": []}',
        '{"model": {"width": 16, "flavour": 1}}',
        '{"model": {"width": "16"}}',
        '{"model": {"width": 15, "num_heads": 2}}',
        '{"model": {"depth": 2.0}}',
        '{"model": {"depth": 1e9}}',
    ],
)
def test_config_that_is_none_is_named(folder, text):
    (folder / CONFIG).write_text(text)
    with pytest.raises(CheckpointError, match=f"{CONFIG} of model is corrupted: ."):
        checkpoints.read(folder)


def test_config_of_a_later_format_says_so(folder):
    values = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**values, "format": 99}))
    with pytest.raises(CheckpointError, match="has format 99, not 1"):
        checkpoints.read(folder)


@pytest.mark.parametrize("text", ["{}", "[]", "null", "7"])
def test_config_without_a_model_says_so(folder, text):
    (folder / CONFIG).write_text(text)
    with pytest.raises(CheckpointError, match="is corrupted: no model$"):
        checkpoints.read(folder)


@pytest.mark.parametrize(("name", "read"), [(CONFIG, checkpoints.read), (CARD, checkpoints.card)])
def test_file_nested_deep_is_named(folder, name, read):
    (folder / name).write_text('{"model": ' + "[" * 200_000)
    with pytest.raises(CheckpointError, match=f"{name} of model is corrupted: nesting too deep"):
        read(folder)


def test_config_of_bytes_is_named(folder):
    (folder / CONFIG).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CheckpointError, match=f"{CONFIG} of model is corrupted"):
        checkpoints.read(folder)


def test_card_is_read_back_and_may_be_missing(folder):
    assert checkpoints.card(folder) is None
    checkpoints.write_card(folder, {"name": "frog", "accuracy": {"4": 0.5}})
    assert checkpoints.card(folder) == {"name": "frog", "accuracy": {"4": 0.5}}


def test_card_that_is_damaged_is_named(folder):
    (folder / CARD).write_text("{")
    with pytest.raises(CheckpointError, match=f"{CARD} of model is corrupted"):
        checkpoints.card(folder)


def test_write_that_fails_leaves_the_old_model(folder, monkeypatch):
    before = (folder / WEIGHTS).read_bytes()

    def full_disk(arrays, path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.write(folder, CONFIGURATION, random_weights(CONFIGURATION, seed=1))
    assert (folder / WEIGHTS).read_bytes() == before
    assert {file.name for file in folder.iterdir()} == {CONFIG, WEIGHTS}


def test_config_holds_the_model_and_nothing_of_its_training(folder):
    assert json.loads((folder / CONFIG).read_text())["model"] == CONFIGURATION.to_dict()


@pytest.mark.parametrize("name", ["~nosuchuser/x", "x" * 5000])
def test_name_that_cannot_be_a_folder_is_no_model(name):
    with pytest.raises(CheckpointError, match="model not found"):
        checkpoints.read(name)


def test_card_that_is_no_card_is_named(folder):
    (folder / CARD).write_text("[1]")
    with pytest.raises(CheckpointError, match=f"{CARD} of model is corrupted: not an object"):
        checkpoints.card(folder)


def test_folder_in_place_of_weights_is_named(folder):
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).mkdir()
    with pytest.raises(CheckpointError, match=f"{WEIGHTS} of model is corrupted"):
        checkpoints.read(folder)


def test_files_are_as_readable_as_any_new_file(folder):
    (folder / "new").touch()
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes) == {CONFIG, WEIGHTS, "new"}
    assert len(set(modes.values())) == 1, modes


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.full((4, 4, 16), np.nan, np.float32), "has NaN or infinite values"),
        (np.full((4, 4, 16), 1e300), "has NaN or infinite values"),
        (np.ones((4, 4, 16), np.int32), "must be floating point, got int32"),
        (np.ones((4, 4, 16), bool), "must be floating point, got bool"),
    ],
)
def test_weights_that_no_model_can_use_are_refused(folder, values, problem):
    save_file({**random_weights(CONFIGURATION), "positions": values}, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match=f"positions of model {problem}"):
        checkpoints.read(folder)
    if "finite" in problem:  # a training that fell apart can be looked at
        assert not np.isfinite(checkpoints.read_some(folder, ["positions"])[1]["positions"]).any()
    else:
        with pytest.raises(CheckpointError, match=f"positions of model {problem}"):
            checkpoints.read_some(folder, ["positions"])


def test_numbers_that_numpy_does_not_know_are_damage(folder):
    values = {"positions": {"dtype": "F8_E4M3", "shape": [4, 4, 16], "data_offsets": [0, 256]}}
    header = json.dumps(values).encode()
    (folder / WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(256))
    with pytest.raises(CheckpointError, match="of model is corrupted"):
        checkpoints.read(folder)
    with pytest.raises(CheckpointError, match="of model is corrupted"):
        checkpoints.read_some(folder, ["positions"])
