"""TensorBoard's event files, written without TensorFlow: `tensorboard --logdir` reads them."""

from __future__ import annotations

import math
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any, BinaryIO

FILE_NAME = "events.out.tfevents.*"  # a pattern: each process that trains the run has its own
_TAGS = {
    "step": {
        "loss": "loss/train",
        "accuracy": "accuracy/train",
        "learning_rate": "learning_rate",
        "images_per_second": "images_per_second",
    },
    "validation": {
        "loss": "loss/validation",
        "accuracy": "accuracy/validation",
        "top5": "top5_accuracy/validation",
    },
}


class TensorBoard:
    """Write a run's numbers as TensorBoard's scalars, one file for each process.

    A number that is not finite is left out. Where nothing can be written, it is silent: the run's
    own log tells the same and is what counts. Once it can be, it goes on in a new file.

    Args:
        folder: the run's.
        step: steps taken before this process. What an earlier process wrote of later ones is
            void: TensorBoard forgets it.
    """

    def __init__(self, folder: str | Path, *, step: int = 0) -> None:
        self._folder = Path(folder)
        self._begins_after = step
        self._file: BinaryIO | None = None

    def __call__(self, event: str, **values: Any) -> None:
        """Write what TensorBoard can show of an event; nothing for those that it cannot."""
        scalars = {
            tag: float(values[name])
            for name, tag in _TAGS.get(event, {}).items()
            if isinstance(values.get(name), int | float) and math.isfinite(values[name])
        }
        if not scalars:
            return
        try:
            _put(self._open(), _event(values["step"], _field(5, _summary(scalars))))
        except OSError:
            self.close()
            self._begins_after = values["step"]

    def close(self) -> None:
        """Release the file. Calling it twice does no harm."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        if self._file is not None:
            return self._file
        name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}"
        file = self._file = (self._folder / name).open("wb", buffering=0)
        _put(file, _event(0, _field(3, b"brain.Event:2")))
        if self._begins_after:
            start = b"\x08\x01"  # SessionLog.START: what was written of this step or later is void
            _put(file, _event(self._begins_after + 1, _field(7, start)))
        return file


def _put(file: BinaryIO, data: bytes) -> None:
    """One record, in one write: length, its checksum, data, its checksum."""
    length = struct.pack("<Q", len(data))
    file.write(
        length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))
    )


def _event(step: int, content: bytes) -> bytes:
    """tensorflow.Event: 1 wall_time, 2 step, then what it holds."""
    return struct.pack("<Bd", 9, time.time()) + b"\x10" + _varint(step) + content


def _summary(scalars: dict[str, float]) -> bytes:
    """tensorflow.Summary: for each value 1 tag and 2 simple_value."""
    return b"".join(
        _field(1, _field(1, tag.encode()) + struct.pack("<Bf", 0x15, value))
        for tag, value in scalars.items()
    )


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _table() -> tuple[int, ...]:
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = (entry >> 1) ^ (0x82F63B78 if entry & 1 else 0)
        table.append(entry)
    return tuple(table)


_CRC_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """CRC-32C of the data, rotated and shifted as TensorFlow's records want it.

    Source: tensorflow/core/lib/hash/crc32c.h, `Mask`
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
