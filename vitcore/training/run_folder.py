"""A run's folder as the training process sees it: what it writes there, and what it says."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.messages import as_sentence, os_error_reason
from vitcore.training import events, snapshots, train_state
from vitcore.training.control import Control
from vitcore.training.distributed import ProcessGroup
from vitcore.training.tensorboard import TensorBoard
from vitcore.training.train_state import BEST, STATE, TrainState

DELETED = "the run folder was deleted"
SPARE = "spare.part"  # kept for saying that the disk is full
_SPARE_BYTES = 16_384  # some dozens of lines, and no less than a block of any file system
_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or the share of it that this person may use

Arrays = dict[str, np.ndarray]


class NoRoomError(OSError):
    """The run was told to stop while the disk was full."""


class RunFolder:
    """The files of one run. Of a group of processes only the first writes any.

    A folder that was deleted meanwhile is not made anew: who deleted it does not want it back.
    Where the disk is full, the run pauses, says so, and tries again when it is told to go on.

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
        group: ProcessGroup,
        notice: Callable[[dict[str, Any]], None],
    ) -> None:
        self.path = path
        self._config, self._model = config, config.model_config()
        self._control, self._group, self._notice = control, group, notice
        self._saved_step: int | None = None

    def open(
        self, *, resume: bool, fitting: Callable[[Arrays], Arrays]
    ) -> tuple[TrainState, Arrays]:
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
            if not resume:
                if (self.path / STATE).exists():
                    raise ValueError(
                        f"{self.path} already has a run. Resume it or use another folder"
                    )
                return None
            found = train_state.last_checkpoint(self.path)
            if found is None:
                return None
            theirs, progress = found
            self._config.check_goes_on(theirs)
            arrays.update(fitting(train_state.saved_arrays(self.path)))
            train_state.remove_stale(self.path)
            events.truncate_after(self.path, progress.step)
            return asdict(progress)

        saved = self._group.share(read)
        progress = TrainState() if saved is None else TrainState(**saved)
        if saved is not None:
            self._saved_step = progress.step
        if self._group.leads:
            self._log = events.EventLog(self.path)
            with suppress(OSError):  # the first line will tell
                self._keep_spare()
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
        self._write(events.FILE_NAME, lambda: self._log(event, **values), at=values["step"])
        self._board(event, **values)
        self._notice({"event": event, **values})

    def end(self, **values: Any) -> None:
        """Tell how the run ended, for which some room was kept, and release its files."""
        if not self._group.leads:
            return
        self._give_up_spare()
        with suppress(OSError):  # without an end it counts as interrupted
            self._log("end", **values)
        self._log.close()
        self._board.close()
        self._notice({"event": "end", **values})

    def checkpoint(
        self, weights: Arrays, state: Arrays, progress: TrainState, *, best: bool
    ) -> None:
        """Write the model, `best` the best so far instead of `weights`, and the state."""
        if best:
            weights = checkpoints.read(self.path / BEST)[1]
        self._write(
            f"the checkpoint at step {progress.step:,}",
            lambda: train_state.save(
                self.path, self._model, weights, state, progress=progress, config=self._config
            ),
            at=progress.step,
        )
        self._saved_step = progress.step
        self.say("checkpoint", step=progress.step)

    def keep_best(self, weights: Arrays, step: int) -> None:
        """Keep a model for the end of a run that stops early."""
        self._write(
            f"the best weights at step {step:,}",
            lambda: checkpoints.write(self.path / BEST, self._model, weights),
            at=step,
        )

    def snapshot(self, weights: Arrays, step: int) -> None:
        """Keep a model for looking back."""
        self._write(
            f"the snapshot at step {step:,}",
            lambda: snapshots.write(self.path, step, self._model, weights),
            at=step,
        )
        self.say("snapshot", step=step)

    @property
    def writes(self) -> bool:
        """Whether this process may write into the folder, which is still there."""
        return self._group.leads and not self._control.gone

    def _write(self, what: str, write: Callable[[], None], *, at: int) -> None:
        """Do it; where the disk is full, pause, and do it when told to go on.

        The other processes hear of what goes wrong, too.

        Args:
            what: the words for it.
            write: what to do; where it raises, all is as it was before.
            at: steps taken.

        Raises:
            OSError: if it cannot be done, for another reason than a full disk.
            NoRoomError: if the run is told to stop while the disk is full.
        """
        with self._group.telling():
            if self._written(what, write):
                return
            while True:
                self._say_full(what, at)
                if self._control.pause() == "stop":
                    raise NoRoomError(
                        f"Stopped while the disk was full: {what} could not be written; "
                        f"{self.left()}."
                    )
                if self._written(what, self._with_spare(write)):
                    break
        self.say("resumed", step=at)

    def _with_spare(self, write: Callable[[], None]) -> Callable[[], None]:
        def both() -> None:
            self._keep_spare()
            write()

        return both

    def _written(self, what: str, write: Callable[[], object]) -> bool:
        """Do it; False where the disk is full."""
        try:
            write()
        except OSError as error:
            if error.errno is None:  # a sentence of our own
                raise
            if error.errno not in _FULL:
                raise OSError(
                    f"{what} could not be written: {os_error_reason(error)}; {self.left()}"
                ) from error
            return False
        return True

    def _say_full(self, what: str, step: int) -> None:
        """Say why it pauses, in the room kept for that."""
        why = as_sentence(f"disk full: {what} could not be written")
        self._give_up_spare()
        with suppress(OSError):
            self._log("paused", step=step, reason=why)
        self._notice({"event": "paused", "step": step, "reason": why})

    def _keep_spare(self) -> None:
        """Lay some room aside for saying that there is none."""
        spare = self.path / SPARE
        if not spare.exists():
            try:
                spare.write_bytes(os.urandom(_SPARE_BYTES))  # zeros some systems would not store
            except OSError:
                self._give_up_spare()
                raise

    def _give_up_spare(self) -> None:
        with suppress(OSError):
            (self.path / SPARE).unlink()

    def left(self) -> str:
        """What a run that cannot go on now leaves behind, in words."""
        if self._saved_step is None:
            return "no checkpoint was written"
        return f"the run can be resumed from the checkpoint at step {self._saved_step:,}"
