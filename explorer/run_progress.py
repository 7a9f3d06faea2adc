"""How far a training run is: its event log followed as it grows, as columns and curves."""

import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitcore.training import events
from vitcore.training.runs import Run

MOST_POINTS = 512  # per curve; more is not seen at its width and costs the browser
COLUMNS = ("epoch", "loss", "accuracy", "learning_rate")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a run in the order they were computed; NaN where a value is missing."""

    epoch: tuple[float, ...] = ()
    loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()  # 0 to 1
    learning_rate: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    `state` is that of `run`, but for a process that lives: starting (no step yet), running,
    or stopping (asked to, and not yet there).
    """

    run: Run
    state: str
    ready: bool  # the model is built and the first step is being computed, or has been
    seconds: float  # since it was started
    epochs: float  # how many it is to do
    pictures_per_second: float | None = None
    seconds_left: float | None = None
    train: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)

    @property
    def lives(self) -> bool:
        return self.state in ("starting", "running", "stopping")


class Follower:
    """What one run has written so far, as columns; reads on from where it stopped.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = 0
        self._forget()

    def _forget(self) -> None:
        self._start: dict[str, Any] = {}
        self._first: dict[str, Any] = {}  # first step since the last start
        self._last: dict[str, Any] = {}
        self._columns = {kind: [array("d") for _ in COLUMNS] for kind in ("step", "validation")}

    def catch_up(self) -> None:
        """Read what was written since the last call."""
        new, offset = events.read(self._folder / events.FILE_NAME, self._offset)
        if offset < self._offset:  # cut back by a resumed run
            self._forget()
        self._offset = offset
        for event in new:
            kind = event["event"]
            if kind == "start":
                self._start, self._first = event, {}
            if kind == "step":
                self._first = self._first or event
                self._last = event
            for column, name in zip(self._columns.get(kind, ()), COLUMNS, strict=False):
                value = event.get(name)
                column.append(value if isinstance(value, int | float) else float("nan"))

    def progress(self, run: Run, *, stopping: bool, leaving: bool) -> Progress:
        """How far the run is, from what was read.

        Args:
            run: the run as its folder tells it now.
            stopping: it was asked to stop.
            leaving: it says that it stopped, and its process is still there.
        """
        state = run.state
        if state == "running" or leaving:
            state = "stopping" if stopping else "running" if self._last else "starting"
        rate = self._last.get("pictures_per_second")
        per_epoch = self._start.get("steps_per_epoch")
        planned = run.config.epochs if run.config is not None else 0.0
        return Progress(
            run=run,
            state=state,
            ready=bool(self._start),
            seconds=max(0.0, time.time() - run.created),
            epochs=run.steps / per_epoch if per_epoch and run.steps else planned,
            pictures_per_second=rate if isinstance(rate, int | float) else None,
            seconds_left=self._seconds_left(run.steps),
            train=self._curve("step"),
            validation=self._curve("validation"),
        )

    def _seconds_left(self, steps: int) -> float | None:
        """From the whole time since the first step, so that validation counts too."""
        try:
            done = self._last["step"] - self._first["step"]
            seconds = self._last["time"] - self._first["time"]
            return seconds / done * max(0, steps - self._last["step"])
        except (KeyError, TypeError, ZeroDivisionError):
            return None

    def _curve(self, kind: str) -> Curve:
        return Curve(*(_thinned(column) for column in self._columns[kind]))


def _thinned(column: array) -> tuple[float, ...]:
    """Every k-th point and the last. k doubles, so points already drawn stay where they are."""
    k = 1
    while len(column) > k * MOST_POINTS:
        k *= 2
    kept = column[::k]
    if len(column) and (len(column) - 1) % k:
        kept.append(column[-1])
    return tuple(kept)
