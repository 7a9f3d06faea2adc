"""Which moments of a model's training were kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.regular_files import open_regular
from vitcore.training import events, snapshots
from vitcore.training.runs import DESCRIPTION, Run, read_run

_FIRST_LINE = 4096  # bytes; a run's log begins with how it was started


@dataclass(frozen=True, slots=True)
class Moment:
    """The model after some steps. Equal moments look equal."""

    step: int
    folder: Path  # of a model with this moment's weights, or made of the same config
    stamp: tuple[int, ...]  # state of its files
    seed: int | None = None  # the weights are not the folder's, but the first that this seed makes


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Which moments of a model's training were kept."""

    folder: Path  # of the model
    config: ViTConfig | None  # None only where there is no moment yet
    moments: tuple[Moment, ...]  # rising in steps
    steps: int  # how many training was to do; 0 where that is not known
    steps_per_epoch: float  # 0 where it is not known
    lives: bool = False  # whether more is to come
    failed: bool = False  # whether training ended by an error, after the last moment
    best_at: int | None = None  # the step whose weights early stopping brought back
    data: str = ""  # what it learned from, "cifar10", "sketch10", "both" or "" where nobody says


def history(model: Run | str | Path) -> History:
    """The kept moments of a run or of a model that comes with some of its snapshots.

    The first weights are made again where only they are missing. The last moment of what has
    ended is the model itself, or where early stopping brought back weights, the one of these.

    Raises:
        CheckpointError: if there is no such model, or its config is damaged.
        OSError: if its files cannot be looked at.
    """
    folder = model.folder if isinstance(model, Run) else checkpoints.folder_of(model)
    run = model if isinstance(model, Run) else None
    if run is None and (folder / DESCRIPTION).is_file():
        run = read_run(folder)
    found = _kept(folder)
    lives, best_at = run is not None and run.state == "running", None
    card = (checkpoints.card(folder) or {}) if run is None else {}
    if run is None:
        steps, per_epoch = _of_card(folder, card, found)
    else:
        steps, per_epoch = _planned(folder)
        if not lives and run.usable and (last := _last_step(run)):
            best_at = _best_step(run, last)
            last = best_at or last
            found[last] = Moment(last, folder, checkpoints.stamp(folder))
    return History(
        folder=folder,
        config=_config(folder, found),
        moments=tuple(found[step] for step in sorted(found)),
        steps=steps,
        steps_per_epoch=per_epoch,
        lives=lives,
        failed=run is not None and run.state == "failed",
        best_at=best_at,
        data=_data(run, card),
    )


def with_news(past: History) -> History:
    """The same with the moments that a living run has kept since; itself where there are none."""
    found = _kept(past.folder)
    moments = tuple(found[step] for step in sorted(found))
    if moments == past.moments:
        return past
    steps, per_epoch = _planned(past.folder)
    return replace(
        past,
        config=past.config or _config(past.folder, found),
        moments=moments,
        steps=steps,
        steps_per_epoch=per_epoch,
    )


def _config(folder: Path, found: dict[int, Moment]) -> ViTConfig | None:
    """A run that has just begun has none of its own yet, but its snapshots have."""
    for moment in found.values():
        return checkpoints.read_config(moment.folder)
    return checkpoints.read_config(folder) if (folder / checkpoints.CONFIG).is_file() else None


def _planned(folder: Path) -> tuple[int, float]:
    """How many steps a run is to do, and how many make an epoch; 0 where it is not said yet."""
    try:
        with open_regular(folder / events.FILE_NAME) as file:
            line = file.readline(_FIRST_LINE)
    except OSError:
        return 0, 0.0
    start = events.parse(line) or {}
    steps, per_epoch = (start.get(name) for name in ("steps", "steps_per_epoch"))
    if not isinstance(steps, int) or not isinstance(per_epoch, int | float):
        return 0, 0.0
    return max(0, steps), max(0.0, per_epoch)


def _kept(folder: Path) -> dict[int, Moment]:
    """The snapshots of a run by their steps."""
    found = {}
    for step, path in snapshots.list_snapshots(folder).items():
        with suppress(FileNotFoundError):  # the run is deleted at this moment
            found[step] = Moment(step, path, checkpoints.stamp(path))
    return found


def _data(run: Run | None, card: Mapping[str, Any]) -> str:
    train = card.get("train") if run is None else run.config and run.config.to_dict()
    if not isinstance(train, Mapping):
        return ""
    return "both" if train.get("sketch_fraction") else str(train.get("data", ""))


def _of_card(folder: Path, card: Mapping[str, Any], found: dict[int, Moment]) -> tuple[int, float]:
    """Add a bundled model's beginning and end; its steps and steps of an epoch."""
    steps, epochs, seed = (card.get(name) for name in ("steps", "epochs", "seed"))
    steps = steps if isinstance(steps, int) and steps > 0 else 0
    if found and isinstance(seed, int) and seed >= 0:
        stamp = checkpoints.stamp(folder)
        found.setdefault(0, Moment(0, folder, stamp, seed))
    if found and steps:
        found[steps] = Moment(steps, folder, checkpoints.stamp(folder))
    # Where it went through several runs, an epoch had not as many steps in each.
    if not isinstance(epochs, int | float) or epochs <= 0 or card.get("earlier_stages"):
        return steps, 0.0
    return steps, steps / epochs


def _last_step(run: Run) -> int:
    """After how many steps a run's own weights were written."""
    if run.saved is not None:  # while the disk is full a run can be further than its weights
        return run.saved
    return run.step if run.state in ("finished", "stopped") else 0


def _best_step(run: Run, last: int) -> int | None:
    """After which step a run was best, where it kept those weights and not its last ones."""
    if run.state != "finished" or run.config is None or not run.config.early_stopping:
        return None
    seen, _ = events.read(run.folder)
    epochs = [
        event
        for event in seen
        if event["event"] == "validation"
        and all(isinstance(event.get(name), int | float) for name in ("step", "epoch", "loss"))
        and float(event["epoch"]).is_integer()
    ]
    if not epochs:
        return None
    best = min(epochs, key=lambda event: event["loss"])["step"]
    return int(best) if 0 < best < last else None
