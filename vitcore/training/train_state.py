"""The files of a run besides its events: its model so far, what resumes it, what it starts from."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import TrainConfig, ViTConfig
from vitcore.stored_names import PROGRESS, renamed
from vitcore.training import events
from vitcore.training.run_files import STATE

ENDS_COUNT = "ends_count"  # an array of the state: of how many ends of cycles the model is the mean
BEST = "best"  # a model folder inside the run's: the weights that early stopping will bring back
# All that a damaged file brings; none of their words would help a person.
_UNREADABLE = (SafetensorError, OSError, ValueError, TypeError, LookupError, RecursionError)


@dataclass
class TrainState:
    """What a resumed run must know besides the variables."""

    step: int = 0  # steps taken
    rate_factor: float = 1.0  # left of the learning rate after drops
    best_loss: float = math.inf  # of the validations so far
    waited: int = 0  # epochs since the best
    seconds: float = 0.0  # spent training
    images_seen: int = 0  # in training
    validation_owed: bool = False  # the last one was left for a stop
    lowest_loss: float = math.inf  # of the validations at the end of an epoch, for early stopping
    lowest_at: float = 0.0  # its epoch
    stale: int = 0  # epochs since
    window: list[float] | None = None  # sums of the curve's point that is not complete


def last_checkpoint(folder: Path) -> tuple[TrainConfig, TrainState] | None:
    """What a run's last checkpoint says of it; None where it ended before it had one.

    Raises:
        CheckpointError: if it is damaged, or was there once: what was learned would be lost.
    """
    if (folder / STATE).exists():
        return saved_progress(folder)
    if any(event["event"] == "checkpoint" for event in events.read(folder)[0]):
        raise CheckpointError(
            f"cannot resume: {folder.name} has no {STATE}. Copy it again or start a new run"
        )
    return None


def saved_progress(folder: Path) -> tuple[TrainConfig, TrainState]:
    """What a run's last checkpoint says of it, without its arrays.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    try:
        with safe_open(folder / STATE, "numpy") as file:
            state = json.loads(file.metadata()["state"])
        return TrainConfig.from_dict(state["train"]), TrainState(
            **renamed(state["progress"], PROGRESS)
        )
    except FileNotFoundError:
        raise CheckpointError(f"not a run folder: {folder} has no {STATE}") from None
    except _UNREADABLE:
        raise CheckpointError(_damaged(folder)) from None


def ends_of(folder: Path) -> int:
    """Of how many ends of cycles a run's model is the mean by its last checkpoint, at least 1.

    Raises:
        CheckpointError: if that is missing or damaged.
    """
    try:
        with safe_open(folder / STATE, "numpy") as file:
            counted = ENDS_COUNT in set(file.keys())
            return max(1, int(file.get_tensor(ENDS_COUNT))) if counted else 1
    except _UNREADABLE:
        raise CheckpointError(_damaged(folder)) from None


def saved_arrays(folder: Path) -> dict[str, np.ndarray]:
    """The variables of a run's last checkpoint, by name.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    try:
        return load_file(folder / STATE)
    except _UNREADABLE:
        raise CheckpointError(_damaged(folder)) from None


def _damaged(folder: Path) -> str:
    return (
        f"{STATE} of {folder.name} is corrupted, so the run cannot be resumed; "
        "copy the file again or start a new run"
    )


def save(
    folder: Path,
    model: ViTConfig,
    weights: dict[str, np.ndarray],
    arrays: dict[str, np.ndarray],
    *,
    progress: TrainState,
    config: TrainConfig,
) -> None:
    """Write a checkpoint. Both files are written whole before either is put in its place.

    Who is stopped between the two has weights that are one checkpoint ahead of the state, from
    which the run goes on.

    Raises:
        OSError: if that cannot be done, the disk being full; what was there is intact.
    """
    state = {"progress": asdict(progress), "train": config.to_dict()}
    # Both are written before either is put in its place.
    with checkpoints.replacing(folder / STATE) as part:
        checkpoints.save_arrays(arrays, part, state=json.dumps(state))
        checkpoints.write(folder, model, weights)


def remove_stale(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left half written."""
    for pattern in ("*.safetensors.*.part", ".tmp*"):
        for path in folder.rglob(pattern):
            path.unlink(missing_ok=True)


def load_initial_weights(config: TrainConfig) -> dict[str, np.ndarray]:
    """The weights of the model that a run starts from.

    Raises:
        ValueError: if it is not built like the one that is trained.
        CheckpointError: if there is no such model, or its files are damaged.
    """
    theirs, weights = checkpoints.read(config.init_from)
    was, now = theirs.to_dict(), config.model_config().to_dict()
    odd = [f"{name} ({was[name]} and {now[name]})" for name in was if was[name] != now[name]]
    if odd:
        raise ValueError(
            f"init_from: architecture mismatch with {config.init_from}: {', '.join(odd)}"
        )
    return {name: values.astype(np.float32) for name, values in weights.items()}


def ends_before(config: TrainConfig) -> int:
    """Of how many ends of cycles the model that a run starts from is the mean; itself is one.

    Raises:
        CheckpointError: if its run's state file is damaged.
    """
    folder = checkpoints.folder_of(config.init_from)
    return ends_of(folder) if (folder / STATE).is_file() else 1


def training_stages(run: Path) -> list[Path]:
    """The runs that a run's model went through, from the one that drew its weights to itself.

    Raises:
        CheckpointError: if the state file of one of them is damaged.
    """
    found = [run]
    while start := saved_progress(found[0])[0].init_from:
        try:
            before = checkpoints.folder_of(start)
        except checkpoints.CheckpointError:  # it is gone
            break
        if not (before / STATE).is_file():  # no run, but a model alone
            break
        found.insert(0, before)
    return found
