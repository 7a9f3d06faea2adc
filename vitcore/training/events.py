"""The event log of a training run: one JSON line per event, written whole, read while it grows."""

import errno
import json
import math
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from vitcore.regular_files import open_regular
from vitcore.stored_names import EVENT, renamed

FILE_NAME = "events.jsonl"
END_STATES = ("finished", "stopped", "failed", "interrupted")
_TAIL = 256  # bytes; no two lines were written at the same time, so they are of one log alone
_NUMBERS = (
    "time",
    "step",
    "steps",
    "steps_per_epoch",
    "epoch",
    "loss",
    "accuracy",
    "top5",
    "learning_rate",
    "images_per_second",
    "patch_size",
    "usable_rate",
)


class EventLog:
    """Append events to `folder/events.jsonl`; each call is one line in one write.

    A single `os.write` on a descriptor opened with O_APPEND is never interleaved with
    another and is in the page cache when the call returns, so a reader sees whole lines
    and a killed process loses at most the line that it was writing.

    Args:
        folder: the run folder; it must exist.
    """

    def __init__(self, folder: str | Path) -> None:
        path = Path(folder) / FILE_NAME
        # Without O_BINARY Windows would write two bytes for each newline.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)
        if _ends_torn(self._descriptor):
            os.write(self._descriptor, b"\n")  # else the next line would be lost with the torn one

    def __call__(self, event: str, **fields: Any) -> None:
        """Write one event; `time` (seconds since 1970) is added where it is not given.

        Args:
            event: its kind, for instance "step".
            fields: plain values or NumPy scalars. A number that is not finite is written as
                null, for JSON has no word for it.

        Raises:
            OSError: if the line cannot be written, the disk being full; none of it is there then.
        """
        line = {"event": event, "time": time.time(), **fields}
        text = json.dumps({name: _plain(value) for name, value in line.items()}, allow_nan=False)
        data, size = text.encode() + b"\n", os.lseek(self._descriptor, 0, os.SEEK_END)
        if os.write(self._descriptor, data) < len(data):  # it has filled the disk
            os.ftruncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Release the file. Calling it twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Place(NamedTuple):
    """How far a log was read."""

    offset: int = 0  # bytes, to just behind a newline
    tail: bytes = b""  # the last of them; a log that was cut back has others there
    anew: bool = True  # whether it was read from its start to get here


BEGINNING = Place()


def read(path: str | Path, place: Place = BEGINNING) -> tuple[list[dict[str, Any]], Place]:
    """Read the events written since the last call.

    Args:
        path: the events file, or the run folder that holds it.
        place: where the last call stopped.

    Returns:
        The new events in order, and the place for the next call, which is just behind the
        last newline: a line still being written is left for then. A line that is not a JSON
        object is passed over. No file yet, or one that cannot be opened: no events. A log that
        was cut back by a resumed run, however long it has grown since, is read `anew`: then the
        events are all there are.
    """
    try:
        found, reached = lines(path, place)
    except OSError:
        return [], place._replace(anew=False)
    return [event for line in found if (event := parse(line)) is not None], reached


def lines(path: str | Path, place: Place = BEGINNING) -> tuple[list[bytes], Place]:
    """The lines written since the last call; else as `read`.

    Raises:
        OSError: if there is a file that cannot be read.
    """
    try:
        with open_regular(_file(path)) as file:
            file.seek(place.offset - len(place.tail))
            data = file.read()
            if not data.startswith(place.tail):
                place = BEGINNING
                file.seek(0)
                data = file.read()
    except FileNotFoundError:
        return [], BEGINNING
    before, end = len(place.tail), data.rfind(b"\n") + 1
    reached = Place(place.offset - before + end, data[:end][-_TAIL:], anew=place.offset == 0)
    return data[before:end].split(b"\n")[:-1], reached


def parse(line: bytes) -> dict[str, Any] | None:
    """One line as an event, or None where it is torn or no event at all.

    Whoever reads an event may count on its fields: a number is a finite number or None, and
    an end has a known state, "failed" where it says another.
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    event = renamed(event, EVENT)
    for name in _NUMBERS:
        if name in event and not _is_number(event[name]):
            event[name] = None
    if event["event"] == "end":
        if event.get("state") not in END_STATES:
            event.update(state="failed", reason="Unknown end state in the log.")
        elif not isinstance(event.get("reason", ""), str):
            event["reason"] = ""
    return event


def truncate_after(path: str | Path, step: int) -> None:
    """Cut the log back to a checkpoint, so that a resumed run continues it without overlap.

    Kept: lines up to and including `step`, and those without a step. Dropped: later ones, a
    former "end" (the run goes on), and everything from the first torn line on. The new file
    replaces the old one in one move.

    Args:
        path: the events file, or the run folder that holds it.
        step: the step of the checkpoint, from which the run goes on.
    """
    path = _file(path)
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # behind the last newline: torn or nothing
    except FileNotFoundError:
        return
    kept = []
    for line in lines:
        if (event := parse(line)) is None:
            break
        if event.get("event") != "end" and (event.get("step") or 0) <= step:
            kept.append(line + b"\n")
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.writelines(kept)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def go_on(path: str | Path) -> None:
    """Take back the "end" of a run that is about to be resumed; all else stays."""
    truncate_after(path, 10**15)


def _file(path: str | Path) -> Path:
    path = Path(path)
    return path / FILE_NAME if path.is_dir() else path


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e15  # false for NaN too


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):  # a NumPy scalar, recognised without importing NumPy
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _ends_torn(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"
