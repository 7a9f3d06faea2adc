"""Files that others may have put into a folder: a pipe or a device there must hold nobody up."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: str | Path) -> BinaryIO:
    """Open a file for reading its bytes.

    Raises:
        OSError: as `open`, or where it is no file, but a folder, a pipe or a device.
    """
    return open(path, "rb", opener=_open)


def read_regular(path: str | Path) -> bytes:
    """All bytes of a file; else as `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def _open(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # of a pipe `open` would wait
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # of a folder `open` says so itself
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor
