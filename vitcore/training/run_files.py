"""What a person does with the folder of a run: give it another name, take it along as a zip."""

from __future__ import annotations

import json
import os
import re
import unicodedata
import zipfile
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from vitcore.training.control import FILE_NAME as CONTROL
from vitcore.training.runs import DESCRIPTION, read_run

STATE = "state.safetensors"  # what a resumed run needs, three times as large as the model
_NAME = re.compile(r"[^\W_][\w .-]{0,59}")
_MOST_BYTES = 180  # of a folder's name, with room for what stands before it while it is deleted
_NAME_RULE = (
    "a name has up to 60 letters, digits, spaces, hyphens, dots or underscores, starts with a "
    "letter or digit and does not end in a dot"
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.")  # by Windows
_LEFT_OUT = (".part", ".tmp")


def rename(folder: str | Path, name: str, *, taken: Container[str] = ()) -> Path:
    """Give a run another name, which is the name of its folder.

    Args:
        folder: the run's.
        name: the new one; of several spaces one stays, and none at its ends.
        taken: names that no run may have, for instance those of bundled models.

    Returns:
        The folder under its new name.

    Raises:
        ValueError: if the run is running, or the name is taken or cannot be one.
    """
    folder = Path(folder)
    if read_run(folder).state == "running":
        raise ValueError(f"{folder.name} is running; stop it first")
    name = unicodedata.normalize("NFC", " ".join(name.split()))  # as it will be typed again
    known = _NAME.fullmatch(name) and not _RESERVED.fullmatch(name)
    if not known or len(name.encode()) > _MOST_BYTES:
        raise ValueError(f"{_NAME_RULE}, got {name!r}")
    new = folder.with_name(name)
    if name in taken or (os.path.lexists(new) and not _same(folder, new)):
        raise ValueError(f"a model named {name} already exists")
    os.rename(folder, new)
    _describe(new)
    return new


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one folder, as where capital letters do not count."""
    return one.name != other.name and os.path.samefile(one, other)


def _describe(folder: Path) -> None:
    """Its description tells the new name; a damaged one stays as it is."""
    path = folder / DESCRIPTION
    try:
        values = {**json.loads(path.read_bytes()), "name": folder.name}
        part = path.with_name(f"{DESCRIPTION}.{os.getpid()}.part")
        part.write_text(json.dumps(values, indent=1), encoding="utf-8")
        os.replace(part, path)
    except (OSError, ValueError, TypeError):
        pass


def archive(folder: str | Path, file: BinaryIO, *, with_state: bool = False) -> None:
    """Write a run as a zip, one file after the other, so that it never lies in memory.

    Args:
        folder: the run's; it may be running.
        file: where the zip is written.
        with_state: also what a resumed run needs.
    """
    folder = Path(folder)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        for path in _taken_along(folder, with_state=with_state):
            # Weights are noise to a compressor, and would take all of the time.
            heavy = path.suffix == ".safetensors"
            kind = zipfile.ZIP_STORED if heavy else zipfile.ZIP_DEFLATED
            inside = path.relative_to(folder)
            try:
                whole.write(path, f"{folder.name}/{inside.as_posix()}", kind)
            except FileNotFoundError:  # a running run replaced it meanwhile
                continue


def archive_size(folder: str | Path, *, with_state: bool = False) -> int:
    """About how many bytes `archive` writes: those of the files, most of which no zip shrinks."""
    total = 0
    for path in _taken_along(Path(folder), with_state=with_state):
        with suppress(OSError):
            total += path.stat().st_size
    return total


def _taken_along(folder: Path, *, with_state: bool) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        odd = path.is_symlink() or not path.is_file() or path.name == CONTROL
        state = path.relative_to(folder).as_posix() == STATE and not with_state
        if not (odd or state or any(mark in path.name for mark in _LEFT_OUT)):
            yield path
