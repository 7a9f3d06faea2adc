"""A model's card: how it was made and how good it is, measured, never typed in."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from vitcore import backend
from vitcore.config import PATCH_SIZES, TrainConfig
from vitcore.datasets.cifar10 import cifar10
from vitcore.datasets.sketch10 import sketch10
from vitcore.evaluation import score
from vitcore.model import load
from vitcore.training import events
from vitcore.training.loop import saved_progress

SKETCHES = 2000  # pictures of sketch10 that a card counts, from the seed no training sees


def make_card(
    run: Path,
    *,
    measured: Path,
    name: str,
    note: str = "",
    data_dir: str | Path | None = None,
    notice: Callable[[str, float], None] = lambda *_: None,
) -> dict[str, Any]:
    """Measure a run's model at every stop of the patch size and say how it was trained.

    Args:
        run: the run's folder.
        measured: the folder of the model as it is to be used, perhaps in half precision.
        name: what the model is to be called.
        note: one or two sentences that a reader should know.
        data_dir: where to look for CIFAR-10 first.
        notice: called with what is being measured and the share done, 0 to 1.

    Returns:
        The card, ready for `checkpoints.write_card`.
    """
    config, progress = saved_progress(run)
    model = load(measured)
    sets: dict[str, Any] = {"sketch10": sketch10(SKETCHES)[:2]}
    if config.data == "cifar10":
        sets["cifar10"] = cifar10("test", data_dir=data_dir)
    accuracy: dict[str, dict[str, float]] = {}
    for number, (data, (images, labels)) in enumerate(sets.items()):
        accuracy[data] = {}
        for place, size in enumerate(PATCH_SIZES):
            notice(f"{data}, patch size {size}", (number + place / len(PATCH_SIZES)) / len(sets))
            result = score(model, images, labels, patch_size=size)
            accuracy[data][str(size)] = round(result.accuracy, 4)
    notice("measured", 1.0)
    history, _ = events.read(run)
    return {
        "name": name,
        "data": _data_in_words(config),
        "recipe": config.recipe,
        "train": config.to_dict(),
        "seed": config.seed,
        "hardware": hardware(),
        "software": f"Keras {keras.__version__} on {backend.check()}, Python "
        f"{platform.python_version()}",
        "seconds": round(progress.seconds),
        "steps": progress.step,
        "epochs": round(_last(history, "epoch"), 2),
        "pictures_seen": progress.pictures,
        "measured_on": {data: len(images) for data, (images, _) in sets.items()},
        "accuracy": accuracy,
        "note": note,
        "curves": [
            {key: _rounded(event.get(key)) for key in ("step", "epoch", "loss", "accuracy", "top5")}
            for event in history
            if event["event"] == "validation"
        ],
    }


def hardware() -> str:
    """The processor, or the accelerator where Keras has one, in words."""
    if backend.check() == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform != "cpu":
            return device.device_kind
    cores = os.cpu_count()
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        pass  # not Linux: the short name will do
    return f"{cores} cores of {model}"


def _data_in_words(config: TrainConfig) -> str:
    share = f", {config.sketch_share:.0%} of each batch from sketch10" * bool(config.sketch_share)
    held = f"{config.validation:.0%} of the training pictures held back"
    return f"{config.data}, training split{share}; {held}"


def _last(history: list[dict[str, Any]], key: str) -> float:
    return next((float(e[key]) for e in reversed(history) if e.get(key) is not None), 0.0)


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
