"""The training loop: steps, events, checkpoints and validation, steered from outside."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from vitcore import backend
from vitcore.backend import hardware, software
from vitcore.config import TrainConfig
from vitcore.evaluation import score
from vitcore.initialisation import parameter_count
from vitcore.messages import as_sentence
from vitcore.training import prefetch, schedule, snapshots
from vitcore.training.control import Control
from vitcore.training.data import Batch, TrainingData
from vitcore.training.distributed import ProcessGroup
from vitcore.training.exit_status import CAUSE, DivergedError, after_steps, exit_status, named
from vitcore.training.metrics import MetricsBuffer, Step
from vitcore.training.run_files import STATE
from vitcore.training.run_folder import DELETED, NoRoomError, RunFolder
from vitcore.training.schedule import ends_cycle, learning_rate
from vitcore.training.step import Trainers
from vitcore.training.train_state import ends_before, load_initial_weights

_EVENT_SECONDS = 0.25  # between two points of the curve
_EVENTS = 10_000  # lines of steps in 40 min; a day has 45,000, a week 65,000
_LOOK_SECONDS = 0.25  # between two looks for a stop, while a step is being compiled
_CHECKPOINT_SECONDS = 60.0  # between two checkpoints inside an epoch
_LATE = 4  # steps begun before the loss of the oldest is asked for, on an accelerator


class _StopAskedError(Exception):
    """A stop was asked for in the middle of a validation."""


class Run:
    """One training run in its own folder.

    Args:
        folder: the run's; made where it is missing.
        config: what to train.
        resume: go on from the folder's last checkpoint, where there is one.
        control: what steers it; by default the folder's control file.
        data_dir: where to look for CIFAR-10 first.
        notice: called with each event's dict, for a progress bar.
        group: the processes that train together, of which process 0 has the folder.
        trainers: of the runs that this process trained before, which may have compiled the steps.

    Raises:
        ValueError: if the folder holds a run of another configuration, or one and not `resume`,
            or was deleted since `control` was made, or the group cannot share a batch evenly.
        CheckpointError: if the checkpoint to go on from is damaged, or no longer there.
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
        group: ProcessGroup | None = None,
        trainers: Trainers | None = None,
    ) -> None:
        self.config = config
        self.model_config = config.model_config()
        self.group = group or ProcessGroup()
        self.group.check_batch(config, self.model_config.patch_size)
        self.control = control or Control(folder, self.group.rest)
        self.data = TrainingData(config, self.model_config.patch_size, data_dir)
        self.steps = config.steps or max(1, round(config.epochs * self.data.steps_per_epoch))
        self._snapshots = frozenset(snapshots.snapshot_steps(self.steps))
        self._snapshots_at_pauses = 0
        self.trainer = (trainers or Trainers()).make(config, self.group)
        self.folder = RunFolder(
            folder, config, control=self.control, group=self.group, notice=notice
        )
        if config.init_from and not (resume and (Path(folder) / STATE).exists()):
            self.trainer.begin_with(load_initial_weights(config))
            if config.cycles > 1:
                self.trainer.end_cycle(times=ends_before(config))
        self.progress, saved = self.folder.open(resume=resume, fitting=self.trainer.fitting)
        if self.folder.resumed:
            own = {name: np.asarray(value) for name, value in self.trainer.arrays().items()}
            self.trainer.restore(self.group.share_arrays(saved or own))
        self._accelerated = backend.on_accelerator()
        self._late = _LATE if self._accelerated else 0
        self._data_dir = data_dir
        self._meter = MetricsBuffer(self._late, config=config)
        self._meter.windows.open = self.progress.window

    def train(self) -> str:
        """Train to the end, or until told to stop.

        Returns:
            "finished" or "stopped".

        Raises:
            DivergedError: if the loss or a weight is no longer a number; the last checkpoint stays.
            OSError: if a file cannot be written; the last checkpoint stays. Where the disk is full
                it pauses instead.
            ProcessGroupError: if another process failed or is gone.
        """
        cause: dict[str, Any] = {}  # of a failure, for programs to read
        try:
            self.folder.say(
                "start",
                step=self.progress.step,
                steps=self.steps,
                steps_per_epoch=self.data.steps_per_epoch,
                parameters=parameter_count(self.model_config),
                hardware=hardware(),
                software=software(),
            )
            state, why = exit_status(
                self._loop(),
                self.progress,
                self.config,
                steps=self.steps,
                lost=self.control.lost,
            )
            self._checkpoint(best=state == "finished" and self.config.early_stopping > 0)
            self.group.finish()
        except DivergedError as error:
            state, why, self.progress.step = "failed", str(error), error.step
            cause = {"cause": CAUSE, "usable_rate": error.usable_rate}
            raise
        except NoRoomError as error:
            state, why = "interrupted" if self.control.lost else "stopped", str(error)
        except KeyboardInterrupt:
            state, why = (
                "interrupted",
                f"Interrupted {after_steps(self.progress)}; {self.folder.left()}.",
            )
            raise
        except BaseException as error:
            what = str(error) or type(error).__name__
            state, why = "failed", f"Error: {what}"
            cause = {"cause": "error"}
            raise
        finally:
            if self.control.gone and state != "failed":
                state, why = "stopped", as_sentence(DELETED)
            self.folder.end(state=state, reason=why, step=self.progress.step, **cause)
        return state

    def _loop(self) -> str:
        progress, self._saved_at = self.progress, time.monotonic()
        with self._batches() as batches:
            if self._accelerated and progress.step < self.steps:
                self.trainer.compile_ahead(self.data.empty)
            if progress.validation_owed:
                self._validate()
            if progress.step == 0:
                self._snapshot()
                self._checkpoint()  # whatever happens before the next one, there is a model
            while progress.step < self.steps and not schedule.is_stale(progress, self.config):
                with self._timed():
                    batch = batches.take()
                if not self._may_go_on() or self._stopped_before_compiled(batch.patch_size):
                    return "stopped"
                with self._timed():
                    self._step(batch)
                self._after_step()
        # A run that was stopped while it measured its last step is resumed to measure it.
        return "stopped" if progress.validation_owed else "finished"

    def _batches(self) -> AbstractContextManager[prefetch.Prefetcher]:
        return prefetch.batches(
            self.data,
            range(self.progress.step, self.steps),
            of=self.steps,
            data_dir=self._data_dir,
            processes=prefetch.worker_count() if self._accelerated else 0,
        )

    def _may_go_on(self) -> bool:
        """Wait while paused; False where a stop was asked for."""
        if not self.group.meets_at(self.progress.step):
            return True
        epoch_ends = self.progress.step > 0 and self._epoch().is_integer()
        go_on = self.group.gate(self.control, epoch_ends=epoch_ends, say=self._pause) != "stop"
        if not go_on:
            self._settle()
        return go_on

    def _stopped_before_compiled(self, patch_size: int) -> bool:
        """Whether a stop was asked for while the step was still being compiled."""
        while not self.trainer.compiled(patch_size, _LOOK_SECONDS):
            if self.group.any_stop(self.control):
                self._settle()
                return True
        return False

    def _step(self, batch: Batch) -> None:
        progress, size = self.progress, batch.patch_size
        rate = learning_rate(self.config, progress.step, self.steps, factor=progress.rate_factor)
        count = self.group.shared(len(batch.labels))
        with self.group.together():
            found = self.trainer.begin(batch.images, batch.labels, patch_size=size, rate=rate)
            progress.step += 1
            progress.images_seen += count
            self._meter.add(Step(progress.step, *found, count, rate, size))

    def _after_step(self) -> None:
        """What is due: a point of the curve, a snapshot, a validation, a checkpoint."""
        step, epoch_ends = self.progress.step, self._epoch().is_integer()
        last, meets = step == self.steps, self.group.meets_at(step)
        cycle_ends = ends_cycle(self.config, step, self.steps)
        waited = time.monotonic() - self._saved_at >= _CHECKPOINT_SECONDS
        # An epoch may last a second on an accelerator: there the clock alone says.
        saves = not last and ((epoch_ends and not self._accelerated) or (meets and waited))
        validates = schedule.validates_after(
            step,
            self.steps,
            steps_per_epoch=self.data.steps_per_epoch,
            config=self.config,
        )
        snaps = step in self._snapshots
        between = max(_EVENT_SECONDS, self.progress.seconds / _EVENTS)
        tells = step == 1 or last or (meets and self._meter.seconds >= between)
        # By the clock of one process alone the others would not settle at the same step.
        if saves or validates or snaps or tells or (meets and self.group.count > 1):
            self._settle()
        if cycle_ends:
            self.trainer.end_cycle()
        if tells:
            self._say_step()
        if snaps:
            self._snapshot()
        if validates:
            self._validate()
        if saves:
            self._checkpoint()

    def _settle(self) -> None:
        with self._timed(), self.group.together():
            self._meter.settle()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        before = self._meter.seconds
        with self._meter.timed():
            yield
        self.progress.seconds += self._meter.seconds - before

    def _pause(self, what: str) -> None:
        """Say it. What a paused run has learned is told and saved, so that it can be looked at."""
        self._settle()
        if self._meter.images:
            self._say_step()
        self.folder.say(what, step=self.progress.step)
        if what == "paused":
            self._checkpoint()
            due = self.progress.step in self._snapshots
            if not due and self._snapshots_at_pauses < snapshots.MOST:
                self._snapshots_at_pauses += 1
                self._snapshot()  # so that a single step can be looked into

    def _epoch(self) -> float:
        return self.progress.step / self.data.steps_per_epoch

    def _validate(self) -> None:
        progress, config, epoch = self.progress, self.config, self._epoch()
        images, labels = self.data.validation()
        try:
            found = score(self.trainer.finished(), images, labels, progress=self._leave_if_stopped)
        except _StopAskedError:
            progress.validation_owed = True
            return
        # Another processor may round it otherwise, and all must conclude the same.
        loss, accuracy, top5 = self.group.share(lambda: [found.loss, found.accuracy, found.top5])
        progress.validation_owed = False
        if not math.isfinite(loss):
            raise self._diverged(f"Validation loss is {named(loss)}")
        if epoch.is_integer():
            schedule.watch_plateau(progress, loss, config)
            best = config.early_stopping and schedule.is_lowest(progress, loss, epoch=epoch)
            if best and self.folder.writes:
                self.folder.keep_best(self._finished_weights(), progress.step)
        measures = {"loss": loss, "accuracy": accuracy, "top5": top5}
        self.folder.say("validation", step=progress.step, epoch=epoch, **measures)

    def _leave_if_stopped(self, _: int) -> None:
        """A stop need not wait for the end of a validation."""
        if self.group.any_stop(self.control):
            raise _StopAskedError

    def _checkpoint(self, *, best: bool = False) -> None:
        """Weights for every page, the best ones so far or the last, and the state to go on from."""
        self._saved_at = time.monotonic()
        if not self.folder.writes:
            return
        weights = self._finished_weights()
        state = {name: np.asarray(v, order="C") for name, v in self.trainer.arrays().items()}
        self._check_numbers({**weights, **state})
        best = best and self.progress.lowest_at > 0
        self.progress.window = self._meter.windows.open
        self.folder.checkpoint(weights, state, self.progress, best=best)

    def _snapshot(self) -> None:
        if self.folder.writes:
            weights = self._finished_weights()
            self._check_numbers(weights)
            self.folder.snapshot(weights, self.progress.step)

    def _check_numbers(self, arrays: dict[str, np.ndarray]) -> None:
        """In the step whose gradient overflows the loss is still a number."""
        with self.group.telling():
            if not all(np.isfinite(values).all() for values in arrays.values()):
                raise self._diverged("Weights are NaN or infinite")

    def _diverged(self, what: str) -> DivergedError:
        step, rate = self.progress.step, self.config.learning_rate
        message = f"{what} after step {step:,} (peak learning rate {rate:.3g})"
        return DivergedError(message, step=step, config=self.config)

    def _finished_weights(self) -> dict[str, np.ndarray]:
        variables = self.trainer.finished().weights_by_name()
        return {name: np.asarray(variable) for name, variable in variables.items()}

    def _say_step(self) -> None:
        self.folder.say("step", step=self.progress.step, epoch=self._epoch(), **self._meter.take())


def train(folder: Path, config: TrainConfig, **options: Any) -> Run:
    """Train a model in its own folder; see `Run`. Returns the run, finished or stopped."""
    run = Run(folder, config, **options)
    run.train()
    return run
