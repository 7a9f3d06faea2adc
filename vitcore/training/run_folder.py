"""A run's folder as the training process sees it: what it writes there, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.sentences import reason
from vitcore.training import events, saving, snapshots
from vitcore.training.control import Control
from vitcore.training.distribution import Group
from vitcore.training.saving import BEST, STATE, Progress
from vitcore.training.tensorboard import TensorBoard

DELETED = "the run's folder was deleted, so it ends"

Arrays = dict[str, np.ndarray]


class RunFolder:
    """The files of one run. Of a group of processes only the first writes any.

    A folder that was deleted meanwhile is not made anew: who deleted it does not want it back.

    Args:
        path: the folder.
        config: what the run trains.
        control: knows whether the folder was deleted.
        group: the processes that train together.
        notice: called with each event's dict, by the process that writes.
    """

    def __init__(
        self,
        path: Path,
        config: TrainConfig,
        *,
        control: Control,
        group: Group,
        notice: Callable[[dict[str, Any]], None],
    ) -> None:
        self.path = path
        self._config, self._model = config, config.model_config()
        self._control, self._group, self._notice = control, group, notice
        self._saved_step: int | None = None

    def open(self, *, resume: bool, fitting: Callable[[Arrays], Arrays]) -> tuple[Progress, Arrays]:
        """Make the folder, or read the checkpoint to go on from.

        Args:
            resume: whether there may be one.
            fitting: raises a ValueError for arrays that are not those of this run.

        Returns:
            The progress, and the arrays on process 0; none where the run begins.
        """
        arrays: Arrays = {}

        def read() -> dict[str, Any] | None:
            if self._control.gone:  # while the model was built
                raise ValueError(DELETED)
            self.path.mkdir(parents=True, exist_ok=True)
            if not (self.path / STATE).exists():
                return None
            if not resume:
                raise ValueError(
                    f"{self.path} holds a run already; resume it or name another folder"
                )
            theirs, progress = saving.saved_progress(self.path)
            self._config.check_goes_on(theirs)
            arrays.update(fitting(saving.saved_arrays(self.path)))
            saving.sweep(self.path)
            events.truncate_after(self.path, progress.step)
            return asdict(progress)

        saved = self._group.share(read)
        progress = Progress() if saved is None else Progress(**saved)
        if saved is not None:
            self._saved_step = progress.step
        if self._group.leads:
            self._log = events.EventLog(self.path)
            self._board = TensorBoard(self.path, step=progress.step)
        return progress, arrays

    @property
    def resumed(self) -> bool:
        """Whether there is a checkpoint, read or written."""
        return self._saved_step is not None

    def say(self, event: str, **values: Any) -> None:
        """Tell an event to whoever reads the folder."""
        if not self._group.leads:
            return
        with self._writing(events.FILE_NAME):
            self._log(event, **values)
        self._board(event, **values)
        self._notice({"event": event, **values})

    def close(self) -> None:
        if self._group.leads:
            self._log.close()
            self._board.close()

    def checkpoint(self, weights: Arrays, state: Arrays, progress: Progress, *, best: bool) -> None:
        """Write the model, `best` the best so far instead of `weights`, and the state."""
        with self._writing(f"the checkpoint after step {progress.step:,}"):
            if best:
                weights = checkpoints.read(self.path / BEST)[1]
            saving.save(
                self.path, self._model, weights, state, progress=progress, config=self._config
            )
        self._saved_step = progress.step
        self.say("checkpoint", step=progress.step)

    def keep_best(self, weights: Arrays) -> None:
        """Keep a model for the end of a run that stops early."""
        with self._writing("the best weights"):
            checkpoints.write(self.path / BEST, self._model, weights)

    def snapshot(self, weights: Arrays, step: int) -> None:
        """Keep a model for looking back."""
        with self._writing(f"the snapshot after step {step:,}"):
            snapshots.write(self.path, step, self._model, weights)
        self.say("snapshot", step=step)

    @property
    def writes(self) -> bool:
        """Whether this process may write into the folder, which is still there."""
        return self._group.leads and not self._control.gone

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """Where the disk is full, say so, with what is left; the other processes hear it too."""
        with self._group.telling():
            try:
                yield
            except OSError as error:
                if error.errno is None:  # a sentence of our own
                    raise
                raise OSError(
                    f"{what} could not be written: {reason(error)}; {self._left()}"
                ) from error

    def _left(self) -> str:
        if self._saved_step is None:
            return "no checkpoint was written before"
        return (
            f"the checkpoint after step {self._saved_step:,} is whole, "
            "and the run can be resumed from it"
        )
