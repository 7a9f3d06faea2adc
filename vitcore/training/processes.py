"""Whether a process is still there, and its end; standard library only."""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

COMPILING = "compile"  # begins the names of threads that compile what may be needed later
_PATIENCE = 5.0  # seconds that a process which was ended may take to be gone


def leave(status: int) -> NoReturn:
    """End this process, without waiting for what is compiled for steps that are not taken."""
    if any(thread.name.startswith(COMPILING) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def process_lives(pid: int, since: float) -> bool:
    """Whether the process that called itself `pid` at time `since` is still there.

    On Linux a process of that number which began later, or which ended and waits to be
    collected, does not count. Elsewhere the number alone decides.

    Args:
        pid: process number.
        since: seconds since 1970.
    """
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # the latter: no process has such a number
        return False
    except OSError:  # not ours to signal, so it is there
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return True
    if fields[0] in "ZX":
        return False
    age = up - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    # Some containers count the two from different moments: then the number alone decides.
    return age < 0 or time.time() - age <= since + 2.0  # these clocks agree to 2 s


def end_process(pid: int, since: float, *, holding: Iterable[Path]) -> bool:
    """End the process that called itself `pid` at time `since`, where it is certain which that is.

    It is certain only on Linux, which tells what files a process has open, and by whose handle
    nobody is met who got the number later. This very process is never ended.

    Args:
        pid: process number.
        since: seconds since 1970.
        holding: files of which it has one open, as no other process does.

    Returns:
        Whether it has been ended.
    """
    if pid == os.getpid() or not hasattr(os, "pidfd_open") or not process_lives(pid, since):
        return False
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not _has_open(pid, holding):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        return bool(gone.poll(_PATIENCE * 1000))
    except OSError:  # it is gone, or not ours to end
        return False
    finally:
        os.close(handle)


def _has_open(pid: int, files: Iterable[Path]) -> bool:
    wanted = set()
    for file in files:
        with suppress(OSError):
            wanted.add(_identity(file))
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if _identity(descriptor) in wanted:
                return True
    return False


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino


def _lives_on_windows(pid: int) -> bool:
    import ctypes  # there os.kill(pid, 0) would end the process instead of asking for it

    kernel = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009 - only there
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
