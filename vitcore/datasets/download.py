"""Download the published CIFAR-10 into the app's own cache, going on where a download stopped."""

import contextlib
import hashlib
import http.client
import math
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from vitcore.datasets import batches
from vitcore.datasets.batches import DataError
from vitcore.datasets.cifar10 import SPLITS, convert, is_whole, shapes
from vitcore.datasets.source import ARCHIVE_NAME, published_folder

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SIZE = 170_498_071  # bytes
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
Progress = Callable[[int, int], None]

_CHUNK = 2**18  # bytes between two calls of progress
_PATIENCE = 30.0  # seconds without a single byte
_MEGABYTE = 1_000_000


def download_cifar10(
    progress: Progress | None = None,
    *,
    url: str = URL,
    size: int = SIZE,
    sha256: str = SHA256,
) -> Path:
    """Download CIFAR-10 into the app's own cache, unless it is there already.

    An interrupted download goes on where it stopped, and the set appears whole or not at all.

    Args:
        progress: called with (bytes so far, bytes in all); what it raises stops the download.
        url, size, sha256: the published archive; tests name another one.

    Returns:
        The folder that `cifar10` opens from now on.

    Raises:
        DataError: when it fails, in one sentence to show to a person.
    """
    folder = published_folder()
    if is_whole(folder):
        return folder
    archive = folder.parent / ARCHIVE_NAME
    room = sum(math.prod(shape) for split in SPLITS for shape in shapes(split))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        download(url, archive, size=size, sha256=sha256, room=room, progress=progress)
        # Where the conversion fails, say on a full disk, the archive stays for the next time.
        convert(batches.read_archive(archive), folder)
        archive.unlink()
    except OSError as error:
        raise DataError(f"{folder.parent} could not be written: {error.strerror}.") from error
    return folder


def download(
    url: str,
    target: Path,
    *,
    size: int,
    sha256: str,
    room: int = 0,
    progress: Progress | None = None,
) -> None:
    """Download `url` into `target`, which appears only when it is whole and right.

    What has arrived is kept in `target` + ".part", and the next call goes on from there.

    Args:
        url: http or https address.
        target: the file to make; its folder must exist.
        size: bytes that the file has.
        sha256: checksum that the file has, as hexadecimal digits.
        room: bytes of free space to ask for beyond the file itself.
        progress: called with (bytes so far, size); what it raises stops the download.

    Raises:
        DataError: when it fails, in one sentence to show to a person.
    """
    part = target.with_name(f"{target.name}.part")
    with _alone(target):
        if target.exists():
            if _checksum(target) == sha256:
                return
            target.unlink()
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        _check_room(target.parent, size - have + room)
        if have < size:
            _receive(url, part, have, size, progress or (lambda _done, _size: None))
        if _checksum(part) != sha256:
            part.unlink()
            raise DataError(
                f"Checksum mismatch in the file from {urlsplit(url).netloc}; "
                "it was discarded. Try again later."
            )
        os.replace(part, target)


def _receive(url: str, part: Path, have: int, size: int, progress: Progress) -> None:
    host = urlsplit(url).netloc
    request = urllib.request.Request(url, headers={"User-Agent": "vitcore"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    reason: object = "the connection ended"
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as response:
            # 206 is the rest that was asked for; a server that knows no ranges sends it all.
            have = have if response.status == 206 else 0
            _check_response(response, have, size, host)
            with _opened(part, have) as file:
                while have < size and (chunk := response.read(min(_CHUNK, size - have))):
                    _write(file, chunk)
                    have += len(chunk)
                    progress(have, size)
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(
            f"{host} returned {error.code} ({error.reason}). Try again later."
        ) from error
    # Trouble with our own file is a DataError already, so this is the network's.
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
    if not have:
        raise DataError(
            f"{host} could not be reached ({reason}). "
            f"Download {url} elsewhere and set VITCORE_DATA to the file."
        )
    if have < size:
        raise DataError(
            f"Download interrupted at {have // _MEGABYTE} of {size // _MEGABYTE} MB ({reason}). "
            "Start it again to resume."
        )


def _check_response(response: http.client.HTTPResponse, start: int, size: int, host: str) -> None:
    length = response.headers.get("Content-Length")
    offered = f"bytes {start}-{size - 1}/{size}"
    if start and response.headers.get("Content-Range") != offered:
        raise DataError(f"{host} must send {offered}, got {response.headers.get('Content-Range')}.")
    if length not in (None, str(size - start)):
        raise DataError(f"{host} must send {size - start} bytes, got {length}.")


def _opened(part: Path, have: int) -> IO[bytes]:
    try:
        return part.open("ab" if have else "wb")
    except OSError as error:
        raise DataError(f"{part} could not be written: {error.strerror}.") from error


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise DataError(f"{file.name} could not be written: {error.strerror}.") from error


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DataError(
            f"{folder} needs {needed // _MEGABYTE} MB of free disk space "
            f"and has {free // _MEGABYTE} MB."
        )


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when the process ends, however it ends."""
    with target.with_name(f"{target.name}.lock").open("w") as file:
        try:
            _lock(file)
        except OSError:
            raise DataError("Another download of this file is running. Wait for it.") from None
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
