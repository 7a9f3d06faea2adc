"""How far a training run is: its event log followed as it grows, as columns and curves."""

import time
from array import array
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from vitcore.training import events, exit_status, metrics
from vitcore.training.runs import Run

MOST_POINTS = 1024  # per curve; more is not seen at its width and costs the browser
COLUMNS = ("epoch", "loss", "accuracy", "learning_rate", "top5")
# States of a run whose process lives.
LIVING = ("starting", "running", "pausing", "paused", "stepping", "stopping")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a run in the order they were computed; NaN where a value is missing."""

    epoch: tuple[float, ...] = ()
    loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()  # 0 to 1
    learning_rate: tuple[float, ...] = ()
    top5: tuple[float, ...] = ()  # 0 to 1; only of validations


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    `state` is that of `run`, but for a process that lives: starting (no step yet), running,
    paused, or on the way to it: pausing, stepping, stopping (asked to, and not yet there).
    """

    run: Run
    state: str
    ready: bool  # the model is built and the first step is being computed, or has been
    seconds: float  # since it was started
    epochs: float  # how many it is to do
    images_per_second: float | None = None
    seconds_left: float | None = None
    asked: str = ""  # pause, step or epoch: what a run that is starting was told meanwhile
    to_epoch: bool = False  # it runs to the end of this epoch, and then pauses
    pace: int = 0  # most steps a second; 0 means as many as it can
    saved: int | None = None  # steps that its last checkpoint holds
    held_up: str = ""  # why it paused by itself, as one sentence
    train: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)

    @property
    def lives(self) -> bool:
        return self.state in LIVING


class Follower:
    """What one run has written so far, as columns; reads on from where it stopped.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = events.BEGINNING
        self._forget()

    def _forget(self) -> None:
        self._start: dict[str, Any] = {}
        self._first: dict[str, Any] = {}  # first step since the last start
        self._last: dict[str, Any] = {}
        self._stepped = False  # since the last start
        self._saved: int | None = None  # steps of the last checkpoint
        self._pause: dict[str, Any] = {}  # the last pause, while nothing said that it goes on
        self._partial = False  # the last point of the training may still change
        self._columns = {kind: [array("d") for _ in COLUMNS] for kind in ("step", "validation")}

    def catch_up(self) -> None:
        """Read what was written since the last call."""
        new, self._place = events.read(self._folder / events.FILE_NAME, self._place)
        if self._place.anew:  # cut back by a resumed run
            self._forget()
        for event in new:
            kind = event["event"]
            if kind == "start":
                self._start, self._first, self._stepped = event, {}, False
            if kind in ("start", "resumed"):
                self._pause, self._first = {}, {}  # waiting is not to count as training
            if kind == "paused":
                self._pause = event
            if kind == "checkpoint":
                self._saved = event.get("step")
            if kind == "step":
                self._first = self._first or event
                self._last, self._stepped = event, True
            if kind == "step" and isinstance(points := event.get("points"), list):
                self._take_points(points)
            elif columns := self._columns.get(kind):
                _add(columns, [event.get(name) for name in COLUMNS])

    @property
    def paused_at(self) -> int:
        """The step at which the run waits, or 0 where it does not."""
        return int(self._pause.get("step") or 0)

    def _take_points(self, points: list[Any]) -> None:
        """Means over windows of steps that are the same in every run, so that curves coincide."""
        per_epoch, columns = self._start.get("steps_per_epoch") or 1, self._columns["step"]
        for point in points:
            if not (isinstance(point, list) and len(point) == 4 and isinstance(point[0], int)):
                continue
            if self._partial:  # it was only of the first steps of its window
                for column in columns:
                    column.pop()
            step, *means = point
            _add(columns, [step / per_epoch, *means])
            self._partial = not metrics.ends_window(step)

    def progress(self, run: Run, *, word: str, leaving: bool) -> Progress:
        """How far the run is, from what was read.

        Args:
            run: the run as its folder tells it now.
            word: what its control file says.
            leaving: it says that it stopped, and its process is still there.
        """
        state = "stopping" if leaving else run.state
        if state == "running":
            state = self._living(run, word)
        kind, _, number = word.partition(" ")
        rate = self._last.get("images_per_second")
        per_epoch = self._start.get("steps_per_epoch")
        planned = run.config.epochs if run.config is not None else 0.0
        pace = int(number) if kind == "run" and number.isdecimal() else 0
        return Progress(
            run=run,
            state=state,
            ready=self._begun(run),
            seconds=max(0.0, time.time() - (run.started or run.created)),
            epochs=run.steps / per_epoch if per_epoch and run.steps else planned,
            images_per_second=rate if isinstance(rate, int | float) else None,
            seconds_left=self._seconds_left(run.steps, pace),
            asked=kind if state == "starting" and kind in ("pause", "step", "epoch") else "",
            saved=self._saved,
            to_epoch=kind == "epoch" and state == "running",
            pace=pace,
            held_up=str(self._pause.get("reason") or "") if state == "paused" else "",
            train=self._curve("step"),
            validation=self._curve("validation"),
        )

    def _begun(self, run: Run) -> bool:
        """Whether the process of now, not one before a resumption, has built its model."""
        return bool(self._start) and (self._start.get("time") or 0.0) >= run.started - 1.0

    def _living(self, run: Run, word: str) -> str:
        kind, _, ticket = word.partition(" ")
        if kind == "stop":
            return "stopping"
        waits = bool(self._pause)
        if kind in ("step", "epoch"):  # only a pause that is newer answers it
            asked = int(ticket) / 1e9 if ticket.isdecimal() else 0.0
            waits = waits and (self._pause.get("time") or 0.0) >= asked
        elif kind != "pause":
            waits = waits and bool(self._pause.get("reason"))
        if waits:
            return "paused"
        if not self._begun(run) or not self._stepped:
            return "starting"
        return {"pause": "pausing", "step": "stepping"}.get(kind, "running")

    def _seconds_left(self, steps: int, pace: int) -> float | None:
        """From the whole time since the first step, so that validation counts too; at a chosen
        pace, which may be new, at least what that takes.
        """
        try:
            done = self._last["step"] - self._first["step"]
            seconds = self._last["time"] - self._first["time"]
            left = max(0, steps - self._last["step"])
            return max(seconds / done * left, left / pace if pace else 0.0)
        except (KeyError, TypeError, ZeroDivisionError):
            return None

    def _curve(self, kind: str) -> Curve:
        return Curve(*(_thinned(column) for column in self._columns[kind]))


def _add(columns: list[array], values: list[Any]) -> None:
    """One more point; what is missing or no number becomes NaN."""
    for column, value in zip_longest(columns, values):
        column.append(value if isinstance(value, int | float) else float("nan"))


def _thinned(column: array) -> tuple[float, ...]:
    """Every k-th point and the last. k doubles, so points already drawn stay where they are."""
    k = 1
    while len(column) > k * MOST_POINTS:
        k *= 2
    kept = column[::k]
    if len(column) and (len(column) - 1) % k:
        kept.append(column[-1])
    return tuple(kept)


def diverged(run: Run) -> bool:
    """Whether the run failed because its loss or a weight was NaN or infinite."""
    return run.state == "failed" and run.cause == exit_status.CAUSE


def usable_rate(run: Run) -> float:
    """The learning rate to try next."""
    return run.usable_rate or exit_status.usable_rate(run.config)
