"""Uploads in processes of their own: real ones, and images made by hand that are slow to decode."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import psutil
import pytest

from explorer.data import decoder
from explorer.data.decoder import BUSY, CRASHED, TOO_LONG, Decoder, Decoders
from tests.vitcore.datasets.made_image_files import encoded, png, quarters
from vitcore.datasets.image_files import ImageError, decode_file

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="limits and signals of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads limits of another process")
SMALL = encoded(quarters(40, 60))


def slow_image():
    """A PNG one pixel wide and 64 million high, within all limits: seconds of filtering rows."""
    high = 64_000_000

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = struct.pack(">IIBBBBB", 1, high, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(2 * high), 1)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def one():
    one = Decoder()
    yield one
    one.close()


@pytest.fixture
def two():
    two = Decoders(2)
    yield two
    while not two._free.empty():
        two._free.get().close()


def refused(decoder, data):
    with pytest.raises(ImageError) as error:
        decoder.decode(data)
    return str(error.value)


def begin(decoder, data):
    """Decode in a thread; returns it, and what it gets."""
    said = []

    def decode():
        try:
            said.append(decoder.decode(data))
        except ImageError as error:
            said.append(str(error))

    thread = threading.Thread(target=decode)
    thread.start()
    return thread, said


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def busy(decoder):
    """The process, once it holds some of the pixels."""
    until(lambda: decoder._process is not None)
    process = psutil.Process(decoder._process.pid)
    until(lambda: process.memory_info().rss > 150e6)
    return process


@pytest.mark.parametrize(
    "image",
    [SMALL, encoded(quarters(700, 400), "JPEG"), png(32, 32, 8, 4, [bytes((100, 0)) * 32] * 32)],
)
def test_it_says_of_an_image_what_the_library_says(one, image):
    expected, decoded = decode_file(image), one.decode(image)
    np.testing.assert_array_equal(decoded.pixels, expected.pixels)
    np.testing.assert_array_equal(decoded.thumbnail, expected.thumbnail)
    assert (decoded.size, decoded.was_transparent) == (expected.size, expected.was_transparent)


@pytest.mark.parametrize("data", [b"", b"words", SMALL[:60], encoded(quarters(), "TIFF")])
def test_it_refuses_what_the_library_refuses_and_goes_on(one, data):
    with pytest.raises(ImageError) as error:
        decode_file(data)
    assert refused(one, data) == str(error.value)
    first = one._process.pid
    assert one.decode(SMALL).size == (60, 40)
    assert one._process.pid == first


@linux
def test_a_small_image_does_not_wait_for_a_slow_one(two):
    two.decode(SMALL)
    slow = two._free.queue[-1]
    thread, said = begin(two, slow_image())
    process = busy(slow)
    assert two.decode(SMALL).size == (60, 40)
    assert not said
    process.kill()
    thread.join()


@linux
def test_where_all_are_slow_the_next_is_asked_to_come_again(two, monkeypatch):
    monkeypatch.setattr(decoder, "_WAITS", 0.01)
    image, both = slow_image(), list(two._free.queue)
    threads = [begin(two, image)[0] for _ in both]
    processes = [busy(slow) for slow in both]
    assert refused(two, SMALL) == BUSY
    for process in processes:
        process.kill()
    for thread in threads:
        thread.join()
    assert two.decode(SMALL).size == (60, 40)


@pytest.mark.parametrize(
    ("by", "sentence"), [("SIGXCPU", TOO_LONG), ("SIGSEGV", CRASHED), ("SIGKILL", CRASHED)]
)
@linux
def test_what_ends_a_process_is_said_and_the_next_image_has_a_new_one(one, by, sentence):
    thread, said = begin(one, slow_image())
    busy(one).send_signal(getattr(signal, by))
    thread.join()
    assert said == [sentence]
    assert one.decode(SMALL).size == (60, 40)


def test_a_process_that_stands_still_is_ended_as_well(one, monkeypatch):
    monkeypatch.setattr(decoder, "_PATIENCE", 0.2)
    assert refused(one, slow_image()) == TOO_LONG


@linux
def test_seconds_of_the_processor_and_memory_are_limited_anew_for_each_image(one):
    one.decode(SMALL)
    process = psutil.Process(one._process.pid)
    assert process.rlimit(psutil.RLIMIT_AS) == (2**30, 2**30)
    before = process.rlimit(psutil.RLIMIT_CPU)[0]
    spent = sum(process.cpu_times()[:2])
    assert decoder.SECONDS <= before - spent <= decoder.SECONDS + 1
    large = encoded(np.zeros((3000, 3000, 3), np.uint8))
    until(lambda: one.decode(large) and sum(process.cpu_times()[:2]) > spent + 1.1)
    assert process.rlimit(psutil.RLIMIT_CPU)[0] > before


SERVER = """
import os, signal
from explorer.data.decoder import decoders
decoders().prepare()
print(decoders()._free.queue[-1]._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@posix
def test_it_ends_with_the_server_however_that_ends():
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=ROOT, capture_output=True, text=True, check=False
    )
    number = int(done.stdout)
    until(lambda: not psutil.pid_exists(number) or is_dead(number))


def is_dead(number):
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
