"""Uploads are decoded by processes of their own: a slow image is ended, and delays nobody else.

`python -m explorer.data.decoder` is such a process. It decodes what comes by its stdin, image by
image, and ends when its stdin does, as it does with the server.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from explorer.text.language import N_
from vitcore.datasets.image_files import SIDE, DecodedImage, ImageError, decode_file

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SECONDS = 5  # of the processor, for one image
_MEMORY = 2**30  # bytes of addresses; the largest images that are allowed take two thirds of it
_AT_ONCE = 2
_WAITS = 30.0  # seconds for the images of others
# Others may have the processor, and a process has to start: 5 s of it can take longer.
_PATIENCE = 30.0 if resource else float(SECONDS)
_ROOT = Path(__file__).parents[2]
_LENGTH = struct.Struct("<Q")  # before each image
TOO_LONG = N_("Decoding took too long. Save the image at a smaller size and upload it again.")
CRASHED = N_("The image decoder crashed. Save the image in another format and upload it again.")
BUSY = N_("Too many uploads at once. Upload the image again in a minute.")
_log = logging.getLogger(__name__)


class Decoder:
    """One such process at most, started again where it was ended. For one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Start the process where there is none, without waiting for it.

        Raises:
            OSError: where the system starts none.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "explorer.data.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # warnings about strangers' files
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=os.name == "posix",  # Ctrl-C is for the server
        )

    def decode(self, data: bytes) -> DecodedImage:
        """What `vitcore.datasets.image_files.decode_file` says of a file.

        Raises:
            ImageError: when it cannot be read, or takes too many seconds or too much memory.
        """
        began = time.monotonic()
        try:
            self.prepare()
            process = self._process
            watch = threading.Timer(_PATIENCE, process.kill)
            watch.start()
            try:
                process.stdin.write(_LENGTH.pack(len(data)))
                process.stdin.write(data)
                process.stdin.flush()
                return _read_answer(process.stdout)
            finally:
                watch.cancel()
        except (OSError, EOFError):
            status = self.close()
            slow = _was_slow(status) or time.monotonic() - began >= _PATIENCE
            _log.warning("the decoder of an upload ended, status %s", status)
            raise ImageError(TOO_LONG if slow else CRASHED) from None

    def close(self) -> int | None:
        """End the process, and say how it ended; None where there was none."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        with suppress(subprocess.TimeoutExpired):  # it is gone, or goes now that nobody reads
            process.wait(timeout=1.0)
        process.kill()
        return process.wait()


class Decoders:
    """A few of them for all visitors; the one used last is taken first."""

    def __init__(self, count: int = _AT_ONCE) -> None:
        self._free: queue.LifoQueue[Decoder] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(Decoder())

    def prepare(self) -> None:
        """Have one ready soon, without waiting for it."""
        with suppress(queue.Empty, OSError):
            decoder = self._free.get_nowait()
            try:
                decoder.prepare()
            finally:
                self._free.put(decoder)

    def decode(self, data: bytes) -> DecodedImage:
        """As of `Decoder`, of any thread."""
        try:
            decoder = self._free.get(timeout=_WAITS)
        except queue.Empty:
            raise ImageError(BUSY) from None
        try:
            return decoder.decode(data)
        finally:
            self._free.put(decoder)


@cache
def decoders() -> Decoders:
    """Those of this server."""
    return Decoders()


def _read_answer(stream: BinaryIO) -> DecodedImage:
    said = json.loads(_all_of(stream, *_LENGTH.unpack(_all_of(stream, _LENGTH.size))))
    if "refused" in said:
        raise ImageError(said["refused"])
    pixels, thumbnail = (
        np.frombuffer(bytearray(_all_of(stream, int(np.prod(shape)))), np.uint8).reshape(shape)
        for shape in ((SIDE, SIDE, 3), said["thumbnail"])
    )
    return DecodedImage(pixels, tuple(said["size"]), thumbnail, said["was_transparent"])


def _all_of(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _was_slow(status: int | None) -> bool:
    return status is not None and status == -getattr(signal, "SIGXCPU", 0)


# Everything below runs in the process.


def main() -> None:
    """Decode what is heard, until the server is gone."""
    from PIL import AvifImagePlugin

    hears, speaks = sys.stdin.buffer, sys.stdout.buffer
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # those of a large machine would take its addresses
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with suppress(OSError):  # where memory runs out, Linux is to end this process first
        Path("/proc/self/oom_score_adj").write_text("500")
    with suppress(EOFError, BrokenPipeError):
        while True:
            (count,) = _LENGTH.unpack(_all_of(hears, _LENGTH.size))
            _limit_seconds()
            for part in _answer(_all_of(hears, count)):
                speaks.write(part)
            speaks.flush()


def _limit_seconds() -> None:
    if resource:
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _answer(data: bytes) -> list[bytes]:
    try:
        decoded = decode_file(data)
        said = {
            "size": decoded.size,
            "thumbnail": decoded.thumbnail.shape,
            "was_transparent": decoded.was_transparent,
        }
        arrays = [decoded.pixels.tobytes(), decoded.thumbnail.tobytes()]
    except ImageError as error:
        said, arrays = {"refused": str(error)}, []
    words = json.dumps(said).encode()
    return [_LENGTH.pack(len(words)), words, *arrays]


if __name__ == "__main__":
    main()
