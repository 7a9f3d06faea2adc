"""Room on the disk: a little kept for last words, and the wait for more where it is full."""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from vitcore.training.control import PAUSE_SECONDS, Control

SPARE = "spare.part"
RETRY_SECONDS = 3.0  # between two looks whether there is room again
_SPARE_BYTES = 16_384  # some dozens of lines, and no less than a block of any file system
_FULL = (errno.ENOSPC, errno.EDQUOT)


class NoRoomError(OSError):
    """The run was told to stop before there was room."""


def is_full(error: OSError) -> bool:
    """Whether it says that the disk is full, or the share of it that this person may use."""
    return error.errno in _FULL


class Room:
    """What a run can still write to.

    Args:
        folder: the run's.
        control: says whether to stop waiting.
    """

    def __init__(self, folder: Path, control: Control) -> None:
        self._folder, self._control = folder, control

    def keep(self) -> None:
        """Lay some room aside for saying that there is none.

        Raises:
            OSError: if there is not even that much.
        """
        spare = self._folder / SPARE
        if not spare.exists():
            try:
                spare.write_bytes(os.urandom(_SPARE_BYTES))  # zeros some systems would not store
            except OSError:
                self.give_up()
                raise

    def give_up(self) -> None:
        """Give the room back that was laid aside."""
        with suppress(OSError):
            (self._folder / SPARE).unlink()

    def wait(self, needs: int) -> bool:
        """Wait until it is worth another try.

        Args:
            needs: bytes to be written. A try that must fail would fill the disk each time anew.

        Returns:
            False where a stop was asked for.
        """
        while True:
            ready = time.monotonic() + RETRY_SECONDS
            while self._control.look() != "stop" and time.monotonic() < ready:
                time.sleep(PAUSE_SECONDS)
            if self._control.look() == "stop":
                return False
            with suppress(OSError):
                if shutil.disk_usage(self._folder).free >= needs + _SPARE_BYTES:
                    return True
