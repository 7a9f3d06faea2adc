"""What earlier runs on this machine tell about the next one: how long it takes, what it reaches."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitcore.config import TrainConfig
from vitcore.training import events
from vitcore.training.runs import Run

_TAIL = 65_536  # bytes of a log: its last few hundred points
_CLOSE = 1.25  # lengths that differ by less than this factor count as the same
# What decides how long a step takes.
_SAME_STEP = (
    "preset",
    "pooling",
    "positions",
    "precision",
    "batch_size",
    "patch_sizes",
    "optimizer",
)
# What may differ between runs that should end alike.
_MAY_DIFFER = ("seed", "epochs", "steps", "recipe")
# Pictures a second on two cores, only where nothing was measured: said to be a guess.
_TYPICAL = {"tiny": 1000.0, "article": 350.0, "flexi": 250.0, "plain": 250.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run is likely to take and reach here."""

    seconds: float  # from its first step to its last, validations among them
    measured_in: str = ""  # the run that tells so; "" where it is a guess
    reached: tuple[float, ...] = ()  # shares right at the end of such runs here, the newest first


def forecast(config: TrainConfig, runs: Iterable[Run]) -> Forecast:
    """How long a run will take and what such runs have reached, from the runs of this machine.

    Args:
        config: of the run to come.
        runs: those that were, the newest first.
    """
    runs = [run for run in runs if run.config is not None]
    rate, run = _steps_a_second(config, runs)
    steps = config.steps or config.epochs * config.pictures_per_epoch / config.batch_size
    reached = (_reached(run) for run in runs if _alike(run, config))
    return Forecast(
        seconds=steps / rate,
        measured_in=run.name if run else "",
        reached=tuple(share for share in reached if share is not None)[:5],
    )


def epochs_in(seconds: float, config: TrainConfig, runs: Iterable[Run]) -> float:
    """How many epochs fit into a time, to two digits, by the same measurement."""
    rate, _ = _steps_a_second(config, [run for run in runs if run.config is not None])
    epochs = seconds * rate * config.batch_size / config.pictures_per_epoch
    return max(0.01, float(f"{epochs:.2g}"))


def _steps_a_second(config: TrainConfig, runs: list[Run]) -> tuple[float, Run | None]:
    wanted = [getattr(config, name) for name in _SAME_STEP]
    for run in runs:
        if [getattr(run.config, name) for name in _SAME_STEP] == wanted:
            measured = _measured(run.folder)
            if measured:
                return measured, run
    return _TYPICAL.get(config.preset, 250.0) / config.batch_size, None


def _measured(folder: Path) -> float | None:
    path = folder / events.FILE_NAME
    try:
        stat = path.stat()
        return _measured_in(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _measured_in(path: Path, _changed: int, size: int) -> float | None:
    """Steps a second between the last points of a log, with what lies between but for pauses."""
    with open(path, "rb") as file:
        file.seek(max(0, size - _TAIL), os.SEEK_SET)
        lines = file.read().split(b"\n")[1 if size > _TAIL else 0 :]
    steps = seconds = 0.0
    before = None
    for event in filter(None, map(events.parse, lines)):
        if event["event"] in ("start", "paused", "resumed"):
            before = None
        if event["event"] == "step" and event.get("step") and event.get("time"):
            if before is not None:
                steps += event["step"] - before["step"]
                seconds += event["time"] - before["time"]
            before = event
    return steps / seconds if steps > 0 and seconds > 0 else None


def _alike(run: Run, config: TrainConfig) -> bool:
    """Whether a finished run was as long as this one and differs in nothing that matters."""
    theirs, ours = run.config.to_dict(), config.to_dict()
    if run.state != "finished" or any(
        theirs[name] != ours[name] for name in ours if name not in _MAY_DIFFER
    ):
        return False
    lengths = sorted(_length(each) for each in (run.config, config))
    return lengths[1] <= _CLOSE * lengths[0]


def _length(config: TrainConfig) -> float:
    return config.steps or config.epochs * config.pictures_per_epoch / config.batch_size


def _reached(run: Run) -> float | None:
    accuracy = (run.validation or {}).get("accuracy")
    return accuracy if isinstance(accuracy, int | float) else None
