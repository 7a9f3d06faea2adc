"""Metrics of model cards and runs, read so that no card can break a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from explorer.client import models
from explorer.figures.patch_sizes import PatchSizeSeries
from explorer.text.formatting import is_number, is_share
from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import CLASS_NAMES, PATCH_SIZES
from vitcore.flops import flops
from vitcore.report import Reliability
from vitcore.training.runs import read_run

_MOST = 3  # models in one figure


def card_of(model: str) -> dict[str, Any]:
    """A model's card, or an empty one where there is none or it cannot be read."""
    try:
        card = models.card(model)
    except (CheckpointError, OSError):
        return {}
    return card if isinstance(card, dict) else {}


def learned_from(model: str) -> str:
    """ "cifar10" or "sketch10", or "" where nothing says it."""
    train = card_of(model).get("train")
    if isinstance(train, Mapping):
        return str(train.get("data", ""))
    try:
        run = read_run(checkpoints.folder_of(model))
    except (CheckpointError, OSError):
        return ""
    return run.config.data if run.config is not None else ""


def against_size(names: Sequence[str], chosen: str) -> list[PatchSizeSeries]:
    """Models whose cards have an accuracy at several patch sizes: the chosen one, then the rest."""
    ordered = [chosen, *(name for name in names if name != chosen)]
    found = [_against_size(name) for name in ordered if name in names]
    return [model for model in found if model is not None][:_MOST]


def _against_size(name: str) -> PatchSizeSeries | None:
    accuracy = card_of(name).get("accuracy")
    row = accuracy.get("cifar10") if isinstance(accuracy, Mapping) else None
    if not isinstance(row, Mapping):
        return None
    sizes = [size for size in PATCH_SIZES if is_share(row.get(str(size)))]
    if len(sizes) < 2:
        return None
    try:
        config = checkpoints.read_config(name)
    except (CheckpointError, OSError):
        return None
    return PatchSizeSeries(
        name=name,
        patch_sizes=sizes,
        accuracy=[float(row[str(size)]) for size in sizes],
        operations=[float(sum(flops(config, size).values())) for size in sizes],
        tokens=[config.tokens(size) for size in sizes],
    )


def shares_on_card(model: str, data: str) -> tuple[dict[int, float], int]:
    """The accuracies on a model's card by patch size, and on how many images."""
    card = card_of(model)
    accuracy, images = card.get("accuracy"), card.get("measured_on")
    row = accuracy.get(data) if isinstance(accuracy, Mapping) else None
    count = images.get(data) if isinstance(images, Mapping) else None
    if not (isinstance(row, Mapping) and isinstance(count, int)):
        return {}, 0
    shares = {size: row[str(size)] for size in PATCH_SIZES if is_share(row.get(str(size)))}
    return {size: float(share) for size, share in shares.items()}, count


def confusion(card: Mapping[str, Any]) -> tuple[str, int, np.ndarray] | None:
    """Data, patch size and confusion matrix (C, C) of a card, or None."""
    for data, patch_size, entry in _reports(card):
        matrix = _counts(entry.get("confusion"))
        if matrix.shape == (len(CLASS_NAMES),) * 2:
            return data, patch_size, matrix
    return None


def reliability(card: Mapping[str, Any]) -> tuple[str, int, Reliability] | None:
    """Data, patch size and reliability of a card, or None."""
    for data, patch_size, entry in _reports(card):
        found = entry.get("reliability")
        found = found if isinstance(found, Mapping) else {}
        images = _counts(found.get("num_images"))
        means = [_shares(found.get(name), len(images)) for name in ("confidence", "accuracy")]
        if all(means) and images.ndim == 1 and images.any():
            sure, right = np.array(means, float)
            error = float(np.abs(sure - right) @ images / images.sum())
            bins = Reliability(num_images=images, confidence=sure, accuracy=right, error=error)
            return data, patch_size, bins
    return None


def _reports(card: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Data, patch size and entry of each report, CIFAR-10 before sketch10."""
    reports = card.get("evaluation")
    for data in ("cifar10", "sketch10"):
        entry = reports.get(data) if isinstance(reports, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(entry.get("patch_size"), int):
            yield data, entry["patch_size"], entry


def _shares(values: Any, count: int) -> list[float]:
    """So many numbers from 0 to 1, or none where they are anything else."""
    known = isinstance(values, list) and len(values) == count and all(map(is_share, values))
    return values if known else []


def _counts(values: Any) -> np.ndarray:
    """Whole numbers of at least 0 in an array; an empty one where they are anything else."""
    try:
        found = np.atleast_1d(np.array(values, np.int64))
    except (TypeError, ValueError, OverflowError):
        return np.zeros(0, np.int64)
    return found if found.size and found.min() >= 0 else np.zeros(0, np.int64)


Points = tuple[list[float], list[float]]


def curves(card: Mapping[str, Any], name: str) -> tuple[Points, Points]:
    """One quantity over the epochs: training and validation."""
    training = card.get("training_curve")
    training = training if isinstance(training, Mapping) else {}
    columns = [training.get(key) for key in ("epoch", name)]
    rows = zip(*columns, strict=False) if all(isinstance(c, list) for c in columns) else ()
    held_back = card.get("curves")
    held_back = held_back if isinstance(held_back, list) else []
    pairs = [(e.get("epoch"), e.get(name)) for e in held_back if isinstance(e, Mapping)]
    return _points(rows), _points(pairs)


def _points(pairs: Any) -> Points:
    kept = [pair for pair in pairs if all(is_number(value) for value in pair)]
    return [float(epoch) for epoch, _ in kept], [float(value) for _, value in kept]
