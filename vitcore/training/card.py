"""A model's card: how it was made and how good it is, measured, never typed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitcore.backend import hardware, software
from vitcore.config import PATCH_SIZES, TrainConfig
from vitcore.datasets.cifar10 import cifar10
from vitcore.datasets.sketch10 import sketch10
from vitcore.evaluation import evaluate
from vitcore.flops import flops
from vitcore.interpret.attention_summary import attention_summary
from vitcore.model import ViT, load
from vitcore.report import Report
from vitcore.training import events
from vitcore.training.train_state import saved_progress, training_stages

SKETCHES = 2000  # images of sketch10 that a card counts, from the seed no training sees
TRACED = 500  # of them whose attention is looked at
_POINTS = 200  # of the training curve

Notice = Callable[[str, float], None]


def make_card(
    run: Path,
    *,
    measured: Path,
    name: str,
    note: str = "",
    data_dir: str | Path | None = None,
    notice: Notice = lambda *_: None,
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
    config, _ = saved_progress(run)
    model = load(measured)
    sets: dict[str, Any] = {"sketch10": sketch10(SKETCHES)[:2]}
    if config.data == "cifar10":
        sets["cifar10"] = cifar10("test", data_dir=data_dir)
    measures = measure(model, sets, notice=notice)
    notice("attention", 1.0)
    attention = attention_summary(model, num_images=TRACED)
    making = made_by(run)
    history = making.history
    return {
        "name": name,
        "data": _training_data(config),
        "recipe": config.recipe,
        "train": _told(config),
        "earlier_stages": [
            {"train": _told(before), "steps": steps} for before, steps in making.parts[:-1]
        ],
        "seed": config.seed,
        "hardware": _trained_on(history, "hardware") or hardware(),
        "software": _trained_on(history, "software") or software(),
        "seconds": round(making.seconds),
        "steps": making.steps,
        "epochs": round(_last(history, "epoch"), 2),
        "images_seen": making.images_seen,
        "measured_on": {data: len(images) for data, (images, _) in sets.items()},
        **measures,
        "attention": attention,
        "note": note,
        "curves": [
            {key: _rounded(event.get(key)) for key in ("step", "epoch", "loss", "accuracy", "top5")}
            for event in history
            if event["event"] == "validation"
        ],
        "training_curve": training_curve(history),
    }


def measure(
    model: ViT, sets: dict[str, tuple[np.ndarray, np.ndarray]], *, notice: Notice
) -> dict[str, Any]:
    """Measure a model on each set of images and labels, at each stop of the patch size.

    Args:
        model: from `load`.
        sets: by name, images (N, H, W, 3) uint8 and labels (N,).
        notice: called with what is being measured and the share of the work done.

    Returns:
        "accuracy", "top5", "loss" and "calibration_error", each by set and patch size;
        "evaluation", by set: the confusion matrix and the reliability at the model's own patch
        size.
    """
    names = ("accuracy", "top5", "loss", "calibration_error")
    found: dict[str, dict[str, Any]] = {key: {data: {} for data in sets} for key in names}
    found["evaluation"] = {}
    own = model.config.chosen_patch_size()
    cost = {size: sum(flops(model.config, size).values()) for size in PATCH_SIZES}
    whole = sum(len(labels) for _, labels in sets.values()) * sum(cost.values())
    done = 0.0
    for data, (images, labels) in sets.items():
        for size in dict.fromkeys((*PATCH_SIZES, own)):
            notice(f"{data}, patch size {size}", done / whole)
            result = evaluate(model, images, labels, patch_size=size)
            if size in cost:
                for key, value in _measures(result).items():
                    found[key][data][str(size)] = round(value, 4)
                done += cost[size] * len(labels)
            if size == own:
                found["evaluation"][data] = {
                    "patch_size": size,
                    "confusion": result.confusion.tolist(),
                    "reliability": result.reliability.to_dict(),
                }
    return found


@dataclass(frozen=True)
class Making:
    """What the runs did that a model went through, one after another."""

    parts: tuple[tuple[TrainConfig, int], ...]  # of each its configuration and its steps
    history: list[dict[str, Any]]  # events; steps and epochs count on from run to run
    images_seen: int
    seconds: float

    @property
    def steps(self) -> int:
        return sum(steps for _, steps in self.parts)


def made_by(run: Path) -> Making:
    """How a run's model came to be, from the first weights that were drawn.

    Raises:
        CheckpointError: if the state file of one of its runs is damaged.
    """
    parts: list[tuple[TrainConfig, int]] = []
    history: list[dict[str, Any]] = []
    images, seconds = 0, 0.0
    for folder in training_stages(run):
        config, progress = saved_progress(folder)
        own, _ = events.read(folder)
        before = {"step": sum(steps for _, steps in parts), "epoch": _last(history, "epoch")}
        history += [
            event | {name: event[name] + more for name, more in before.items() if name in event}
            for event in own
        ]
        parts.append((config, progress.step))
        images, seconds = images + progress.images_seen, seconds + progress.seconds
    return Making(tuple(parts), history, images, seconds)


def training_curve(history: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Epoch, loss and accuracy of the training itself, in at most 200 means over equal spans.

    The spans are of epochs: a run may have written more events at some times than at others.
    """
    names = ("epoch", "loss", "accuracy")
    found = [[event.get(name) for name in names] for event in history if event["event"] == "step"]
    rows = np.array([row for row in found if None not in row], float).reshape(-1, 3)
    ends = np.linspace(0, rows[:, 0].max(initial=0.0), _POINTS + 1)[1:]
    span = np.searchsorted(ends, rows[:, 0])
    means = np.array([rows[span == each].mean(axis=0) for each in np.unique(span)]).reshape(-1, 3)
    return {name: np.round(column, 4).tolist() for name, column in zip(names, means.T, strict=True)}


def _measures(result: Report) -> dict[str, float]:
    return {
        "accuracy": result.score.accuracy,
        "top5": result.score.top5,
        "loss": result.score.loss,
        "calibration_error": result.reliability.error,
    }


def _trained_on(history: list[dict[str, Any]], what: str) -> str:
    """What the run recorded of each part in which steps were taken; who measures may be another."""
    found, said = [], ""
    for event in history:
        if event["event"] == "start":
            said = event.get(what) or ""
        elif event["event"] == "step" and said and said not in found:
            found.append(said)
    return " → ".join(found)


def _told(config: TrainConfig) -> dict[str, Any]:
    """Without the place where what it started from lay, which means nothing elsewhere."""
    return config.replace(init_from=Path(config.init_from).name).to_dict()


def _training_data(config: TrainConfig) -> str:
    name = {"cifar10": "CIFAR-10"}.get(config.data, config.data)
    share = f"; {config.sketch_fraction:.0%} of each batch from sketch10" * bool(
        config.sketch_fraction
    )
    return f"{name} training set, {config.validation_split:.0%} for validation{share}"


def _last(history: list[dict[str, Any]], key: str) -> float:
    return next((float(e[key]) for e in reversed(history) if e.get(key) is not None), 0.0)


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
