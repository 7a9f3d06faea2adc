"""What is freed goes back to the system, on Linux with glibc."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Blocks of 1 MB, each before a small one that stays; then the large ones are freed.
FILL_AND_FREE = """
import ctypes, os, sys
from explorer import memory

if sys.argv[1] == "returned":
    memory.return_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

libc.free(libc.malloc(2 * 2**20))  # from then on glibc holds what is smaller
before, blocks = resident(), []
for _ in range(100):
    blocks.append(libc.malloc(2**20))
    ctypes.memset(blocks[-1], 1, 2**20)
    libc.malloc(5000)
full = resident()
for block in blocks:
    libc.free(block)
print(full - before, resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize(("way", "kept"), [("returned", (0, 5)), ("as glibc does", (90, 110))])
def test_large_blocks_are_returned_though_small_ones_stay(way, kept):
    found = subprocess.run(
        [sys.executable, "-c", FILL_AND_FREE, way],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    full, after = map(float, found.stdout.split())
    assert full == pytest.approx(100, abs=5)
    assert kept[0] <= after <= kept[1]
