"""The training loop: steps, events, checkpoints and validation, steered from outside."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import TrainConfig
from vitcore.evaluation import score
from vitcore.initialisation import parameter_count
from vitcore.model import build
from vitcore.sentences import sentence
from vitcore.training import events, snapshots
from vitcore.training.control import Control
from vitcore.training.data import Batch, Pictures
from vitcore.training.step import Trainer, learning_rate
from vitcore.training.tensorboard import TensorBoard

STATE = "state.safetensors"
_DELETED = "the run's folder was deleted, so it ends"
# All that a damaged file brings; none of their words would help a person.
_UNREADABLE = (SafetensorError, OSError, ValueError, TypeError, LookupError, RecursionError)
_EVENT_SECONDS = 0.25  # between two points of the curve
_CHECKPOINT_SECONDS = 60.0  # between two checkpoints inside an epoch
PLATEAU_LOWEST = 1e-5  # no drop goes below it, as in the article's ReduceLROnPlateau
BEST = "best"  # a model folder inside the run's: the weights that early stopping will bring back


class DivergedError(ArithmeticError):
    """The loss is no longer a number."""


class _StopAskedError(Exception):
    """A stop was asked for in the middle of a validation."""


@dataclass
class Progress:
    """What a resumed run must know besides the variables."""

    step: int = 0  # steps taken
    rate_factor: float = 1.0  # left of the learning rate after drops
    best_loss: float = math.inf  # of the validations so far
    waited: int = 0  # epochs since the best
    seconds: float = 0.0  # spent training
    pictures: int = 0  # seen in training
    validation_owed: bool = False  # the last one was left for a stop
    lowest_loss: float = math.inf  # of the validations at the end of an epoch, for early stopping
    lowest_at: float = 0.0  # its epoch
    stale: int = 0  # epochs since


def saved_progress(folder: Path) -> tuple[TrainConfig, Progress]:
    """What a run's last checkpoint says of it, without its arrays.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    try:
        with safe_open(folder / STATE, "numpy") as file:
            state = json.loads(file.metadata()["state"])
        return TrainConfig.from_dict(state["train"]), Progress(**state["progress"])
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} has no {STATE}, so it is no folder of a run that was trained here"
        ) from None
    except _UNREADABLE:
        raise CheckpointError(_damaged(folder)) from None


def _damaged(folder: Path) -> str:
    return (
        f"{STATE} of {folder.name} is damaged, so the run cannot go on from it; "
        "copy it again, or start a new run"
    )


class Run:
    """One training run in its own folder.

    Args:
        folder: the run's; made where it is missing.
        config: what to train.
        resume: go on from the folder's last checkpoint, where there is one.
        control: what steers it; by default the folder's control file.
        data_dir: where to look for CIFAR-10 first.
        notice: called with each event's dict, for a progress bar.

    Raises:
        ValueError: if the folder holds a run of another configuration, or one and not `resume`,
            or was deleted since `control` was made.
        CheckpointError: if the checkpoint to go on from is damaged.
        FileNotFoundError: if CIFAR-10 is wanted and missing.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        *,
        resume: bool = False,
        control: Control | None = None,
        data_dir: str | Path | None = None,
        notice: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.config = config
        self.model_config = config.model_config()
        self.control = control or Control(folder)
        self.progress = Progress()
        self._notice = notice
        self.pictures = Pictures(config, self.model_config.patch_size, data_dir)
        self.steps = config.steps or max(1, round(config.epochs * self.pictures.steps_per_epoch))
        self.trainer = Trainer(
            build(self.model_config, seed=config.seed, precision=config.precision), config
        )
        self._snapshots = frozenset(snapshots.due(self.steps))
        self.finished_model = build(self.model_config, seed=config.seed)
        if self.control.gone:  # while the model was built
            raise ValueError(_DELETED)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).exists():
            if not resume:
                raise ValueError(f"{folder} holds a run already; resume it or name another folder")
            self._load()
            events.truncate_after(folder, self.progress.step)
        self._log = events.EventLog(folder)
        self._board = TensorBoard(folder, step=self.progress.step)
        self._meter = _Meter()

    def train(self) -> str:
        """Train to the end, or until told to stop.

        Returns:
            "finished" or "stopped".

        Raises:
            DivergedError: if the loss or a weight is no longer a number; the last checkpoint stays.
        """
        self._say(
            "start",
            step=self.progress.step,
            steps=self.steps,
            steps_per_epoch=self.pictures.steps_per_epoch,
            parameters=parameter_count(self.model_config),
        )
        try:
            state, reason = self._ending(self._loop())
            self._checkpoint(best=state == "finished" and self.config.early_stopping > 0)
            if self.control.gone:
                state, reason = "stopped", sentence(_DELETED)
        except DivergedError as error:
            state, reason = "failed", str(error)
            raise
        except BaseException as error:
            what = str(error) or type(error).__name__
            state, reason = "failed", f"The training ended by an error: {what}"
            raise
        finally:
            self._say("end", state=state, reason=reason, step=self.progress.step)
            self._log.close()
            self._board.close()
        return state

    def _ending(self, state: str) -> tuple[str, str]:
        """How the run ended, and one sentence on it."""
        progress, steps = self.progress, f"after {self.progress.step:,} steps"
        if state == "stopped" and self.control.lost:
            reason = f"The server that started it ended, so it was saved {steps} and can go on."
            return "interrupted", reason
        if state == "finished" and self.config.early_stopping and progress.lowest_at:
            kept = f"its weights are those of epoch {progress.lowest_at:g}, which had the lowest"
            if progress.step < self.steps:
                return state, (
                    f"Stopped early {steps}: for {progress.stale} epochs the loss on the pictures "
                    f"held back fell no lower; {kept}."
                )
            return state, f"Finished {steps}; {kept} loss on the pictures held back."
        return state, f"{state.capitalize()} {steps}."

    def _loop(self) -> str:
        progress, every = self.progress, self._validation_interval()
        meter, saved = self._meter, time.monotonic()
        with ThreadPoolExecutor(max_workers=1) as ahead:  # draws the next batch meanwhile
            batch = self._ahead(ahead, progress.step)
            if progress.validation_owed:
                self._validate()
            if progress.step == 0:
                self._snapshot()
            while progress.step < self.steps and not self._stale():
                epoch_ends = progress.step > 0 and self._epoch().is_integer()
                if self.control.gate(epoch_ends=epoch_ends, say=self._pause) == "stop":
                    return "stopped"
                started, drawn = time.monotonic(), batch.result()
                batch = self._ahead(ahead, progress.step + 1)
                self._step(drawn, meter)
                taken = time.monotonic() - started
                progress.seconds += taken
                meter.seconds += taken
                last = progress.step == self.steps
                if progress.step == 1 or last or meter.seconds >= _EVENT_SECONDS:
                    self._say_step()
                epoch_ends = self._epoch().is_integer()
                if progress.step in self._snapshots:
                    self._snapshot()
                if last or epoch_ends or progress.step % every == 0:
                    self._validate()
                if not last and (epoch_ends or time.monotonic() - saved >= _CHECKPOINT_SECONDS):
                    self._checkpoint()
                    saved = time.monotonic()
        return "finished"

    def _pause(self, what: str) -> None:
        """Say it. What a paused run has learned is told and saved, so that it can be looked at."""
        if self._meter.seconds:
            self._say_step()
        self._say(what, step=self.progress.step)
        if what == "paused":
            self._checkpoint()

    def _say_step(self) -> None:
        self._say("step", step=self.progress.step, epoch=self._epoch(), **self._meter.take())

    def _ahead(self, pool: ThreadPoolExecutor, step: int) -> Future[Batch]:
        return pool.submit(self.pictures.batch, min(step, self.steps - 1), self.steps)

    def _step(self, batch: Batch, meter: _Meter) -> None:
        progress = self.progress
        rate = learning_rate(self.config, progress.step, self.steps, factor=progress.rate_factor)
        loss, right = self.trainer.step(
            batch.pictures, batch.labels, patch_size=batch.patch_size, rate=rate
        )
        if not math.isfinite(loss):
            raise DivergedError(
                f"The loss became {loss} at step {progress.step + 1}, learning rate {rate:.3g}; "
                "try a tenth of that rate."
            )
        progress.step += 1
        progress.pictures += len(batch.labels)
        meter.add(loss, right, len(batch.labels), rate=rate, patch_size=batch.patch_size)

    def _epoch(self) -> float:
        return self.progress.step / self.pictures.steps_per_epoch

    def _validation_interval(self) -> int:
        """Steps between validations, besides the end of each epoch: about ten in a short run."""
        return max(1, math.ceil(self.steps / 10))

    def _validate(self) -> None:
        self.trainer.averaged_into(self.finished_model)
        images, labels = self.pictures.validation()
        try:
            result = score(self.finished_model, images, labels, progress=self._leave_if_stopped)
        except _StopAskedError:
            self.progress.validation_owed = True
            return
        self.progress.validation_owed = False
        if self._epoch().is_integer():
            self._watch_plateau(result.loss)
            self._watch_lowest(result.loss)
        self._say(
            "validation",
            step=self.progress.step,
            epoch=self._epoch(),
            loss=result.loss,
            accuracy=result.accuracy,
            top5=result.top5,
        )

    def _leave_if_stopped(self, _: int) -> None:
        """A stop need not wait for the end of a validation."""
        if self.control.look() == "stop":
            raise _StopAskedError

    def _watch_plateau(self, loss: float) -> None:
        """Keras' ReduceLROnPlateau."""
        progress = self.progress
        if loss < progress.best_loss - 1e-4:
            progress.best_loss, progress.waited = loss, 0
            return
        progress.waited += 1
        if progress.waited >= self.config.plateau_patience:
            lowest = min(1.0, PLATEAU_LOWEST / self.config.learning_rate)
            progress.rate_factor = max(lowest, progress.rate_factor * self.config.plateau_factor)
            progress.waited = 0

    def _watch_lowest(self, loss: float) -> None:
        """Keras' EarlyStopping with `restore_best_weights`: the best ones so far are kept."""
        progress = self.progress
        if not self.config.early_stopping:
            return
        progress.stale += 1
        if loss < progress.lowest_loss and not self.control.gone:
            progress.lowest_loss, progress.lowest_at, progress.stale = loss, self._epoch(), 0
            checkpoints.write(self.folder / BEST, self.model_config, self._finished_weights())

    def _stale(self) -> bool:
        return 0 < self.config.early_stopping <= self.progress.stale

    def _checkpoint(self, *, best: bool = False) -> None:
        """Weights for every page, the best ones so far or the last, and the state to go on from."""
        weights = self._finished_weights()
        arrays = {name: np.asarray(v, order="C") for name, v in self.trainer.arrays().items()}
        # In the step whose gradient overflows the loss is still a number.
        if not all(np.isfinite(values).all() for values in (*weights.values(), *arrays.values())):
            raise DivergedError(
                f"The weights are no longer numbers after step {self.progress.step}, highest "
                f"learning rate {self.config.learning_rate:.3g}; try a tenth of that rate."
            )
        if self.control.gone:
            return  # who deleted the folder does not want it back
        if best and self.progress.lowest_at:
            weights = checkpoints.read(self.folder / BEST)[1]
        checkpoints.write(self.folder, self.model_config, weights)
        state = {"progress": asdict(self.progress), "train": self.config.to_dict()}
        with checkpoints.replacing(self.folder / STATE) as part:
            save_file(arrays, part, metadata={"state": json.dumps(state)})
        self._say("checkpoint", step=self.progress.step)

    def _snapshot(self) -> None:
        if not self.control.gone:
            step = self.progress.step
            snapshots.write(self.folder, step, self.model_config, self._finished_weights())
            self._say("snapshot", step=step)

    def _finished_weights(self) -> dict[str, np.ndarray]:
        self.trainer.averaged_into(self.finished_model)
        variables = self.finished_model.weights_by_name()
        return {name: np.asarray(variable) for name, variable in variables.items()}

    def _load(self) -> None:
        theirs, progress = saved_progress(self.folder)
        try:
            arrays = load_file(self.folder / STATE)
        except _UNREADABLE:
            raise CheckpointError(_damaged(self.folder)) from None
        self.config.check_goes_on(theirs)
        self.trainer.restore(arrays)
        self.progress = progress

    def _say(self, event: str, **values: Any) -> None:
        self._log(event, **values)
        self._board(event, **values)
        self._notice({"event": event, **values})


class _Meter:
    """Means over the steps since the last point of the curve."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._loss = self._right = 0.0
        self._pictures = 0
        self._last: dict[str, Any] = {}
        self.seconds = 0.0  # spent on these steps, not on a validation or checkpoint between

    def add(self, loss: float, right: float, count: int, **last: Any) -> None:
        self._loss += loss * count
        self._right += right * count
        self._pictures += count
        self._last = last

    def take(self) -> dict[str, Any]:
        count = max(1, self._pictures)
        values = {
            "loss": self._loss / count,
            "accuracy": self._right / count,
            "learning_rate": self._last["rate"],
            "pictures_per_second": self._pictures / max(self.seconds, 1e-9),
            "patch_size": self._last["patch_size"],
        }
        self._clear()
        return values


def train(folder: Path, config: TrainConfig, **options: Any) -> Run:
    """Train a model in its own folder; see `Run`. Returns the run, finished or stopped."""
    run = Run(folder, config, **options)
    run.train()
    return run
