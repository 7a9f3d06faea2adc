"""How this process gives memory back to the system."""

import ctypes

# Parameters of glibc's mallopt, as its malloc.h names them.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 256 * 2**10  # bytes
_HEAPS = 2


def return_large_blocks() -> None:
    """Give an array that is freed back at once, and let threads share their heaps.

    By itself glibc opens a heap for each of many threads, and keeps what is freed in the middle of
    one: with fifty people that is as much memory again as is in use. Call it before threads start.
    Where the C library has no such parameters, nothing is changed.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc; on Windows there is no CDLL(None)
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, _HEAPS)
