"""Files of earlier versions open: models, .keras files, runs with their checkpoints, cards."""

import json
import zipfile

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import vitcore
from tests.vitcore.small_models import random_image, small_config, small_model, weights_of
from tests.vitcore.training.small_runs import CONFIG, quick_step
from vitcore import checkpoints
from vitcore.config import RECIPES, TrainConfig
from vitcore.training import events
from vitcore.training.loop import Run, train
from vitcore.training.run_folder import STATE
from vitcore.training.runs import read_run, write_description
from vitcore.training.step import Trainer

# As small_config was written.
OLD_MODEL = {
    "image_size": 32, "patch_size": 4, "kernel_size": 4, "position_grid": 4, "width": 16,
    "depth": 2, "heads": 2, "head_width": 0, "mlp_width": 24, "classes": 10, "pooling": "mean",
    "registers": 0, "positions": "learned", "first_weights": "xavier", "qk_norm": False,
    "norm_epsilon": 1e-06, "gelu": "tanh", "mlp_ends_in_gelu": False, "pixel_range": "signed",
    "dropout": 0.0, "attention_dropout": 0.0, "position_dropout": 0.0,
}  # fmt: skip
# As CONFIG of small_runs was written, with another recipe.
OLD_TRAIN = {
    "data": "sketch10", "preset": "small", "recipe": "flexi-cifar10-mean", "start": "",
    "epochs": 5.0, "steps": 6, "batch_size": 8, "learning_rate": 0.001, "warmup": 0.05,
    "schedule": "cosine", "cycles": 1, "optimizer": "adamw", "weight_decay": 0.05,
    "label_smoothing": 0.0, "augmentation": "crop-flip", "cutmix": 0.0, "frozen": [],
    "average": 0.9, "patch_sizes": [8, 16], "patch_weights": [], "patch_weights_end": [],
    "token_budget": 0, "sketch_share": 0.25, "validation": 0.5, "train_size": 24,
    "precision": "float32", "seed": 3,
}  # fmt: skip
OLD_CARD = {
    "recipe": "flexi-cifar10-fine", "train": OLD_TRAIN, "pictures_seen": 48,
    "before": [{"train": OLD_TRAIN, "steps": 5}],
    "reports": {"sketch10": {"patch_size": 4, "reliability": {"pictures": [1, 2]}}},
    "attention": {"pictures": 5, "on_object": [1.0], "rollout_on_object": 1.5, "blind_heads": 0.1},
}  # fmt: skip
MEANS = CONFIG.replace(recipe="flexi-cifar10-swa")


def test_an_old_config_is_of_the_same_model(tmp_path):
    model = small_model()
    checkpoints.write(tmp_path, model.config, weights_of(model))
    (tmp_path / "config.json").write_text(json.dumps({"format": 1, "model": OLD_MODEL}))
    assert checkpoints.read_config(tmp_path) == small_config()
    image = random_image()
    np.testing.assert_array_equal(
        vitcore.predict(vitcore.load(tmp_path), image), vitcore.predict(model, image)
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # h5py's
def test_an_old_keras_file_opens(tmp_path):
    model, image = small_model(), random_image()
    model.save(tmp_path / "new.keras")
    with (
        zipfile.ZipFile(tmp_path / "new.keras") as new,
        zipfile.ZipFile(tmp_path / "old.keras", "w") as old,
    ):
        for name in new.namelist():
            data = new.read(name)
            if name == "config.json":
                values = json.loads(data)
                values["config"]["config"] = OLD_MODEL
                data = json.dumps(values).encode()
            old.writestr(name, data)
    np.testing.assert_array_equal(
        vitcore.predict(vitcore.load(tmp_path / "old.keras"), image),
        vitcore.predict(model, image),
    )


def test_an_old_run_is_listed_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "begin", quick_step)
    write_description(tmp_path / "run", MEANS)
    run = Run(tmp_path / "run", MEANS)
    run.control.look = lambda: "stop" if run.progress.step == 3 else "run"
    run.train()
    _as_it_was(tmp_path / "run")

    found = read_run(tmp_path / "run")
    assert (found.config, found.step, found.state) == (MEANS, 3, "stopped")
    steps = [e for e in events.read(tmp_path / "run")[0] if e["event"] == "step"]
    assert all(step["images_per_second"] > 0 for step in steps)
    resumed = train(tmp_path / "run", MEANS, resume=True)
    assert (resumed.progress.step, resumed.progress.images_seen) == (6, 48)


def _as_it_was(folder):
    """Write a run's files with the names that they had."""
    description = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**description, "train": OLD_TRAIN}))
    log = folder / "events.jsonl"
    log.write_text(log.read_text().replace("images_per_second", "pictures_per_second"))
    with safe_open(folder / STATE, "numpy") as file:
        state = json.loads(file.metadata()["state"])
    progress = state["progress"]
    progress["pictures"] = progress.pop("images_seen")
    told = json.dumps({"progress": progress, "train": OLD_TRAIN})
    save_file(load_file(folder / STATE), folder / STATE, {"state": told})


def test_an_old_card_is_read_with_the_names_of_today(tmp_path):
    model = small_model()
    checkpoints.write(tmp_path, model.config, weights_of(model))
    checkpoints.write_card(tmp_path, OLD_CARD)
    card = checkpoints.card(tmp_path)
    assert card["recipe"] == "flexi-cifar10-swa-p2"
    assert TrainConfig.from_dict(card["train"]) == MEANS
    assert card["train"]["max_tokens"] == 0
    assert card["earlier_stages"][0]["train"]["recipe"] == "flexi-cifar10-swa"
    assert card["images_seen"] == 48
    assert card["evaluation"]["sketch10"]["reliability"]["num_images"] == [1, 2]
    assert card["attention"] == {
        "num_images": 5,
        "object_attention": [1.0],
        "rollout_object_attention": 1.5,
        "query_independent_heads": 0.1,
    }


def test_each_old_recipe_is_one_of_today():
    for old in ("flexi-cifar10-mean", "flexi-cifar10-fine", "plain-cifar10-mean"):
        assert TrainConfig.from_dict({"recipe": old}).recipe in RECIPES
