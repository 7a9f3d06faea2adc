"""Whether a process is still there; standard library only."""

import os
import sys
import time
from pathlib import Path


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


def _lives_on_windows(pid: int) -> bool:
    import ctypes  # there os.kill(pid, 0) would end the process instead of asking for it

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
