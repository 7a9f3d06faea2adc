"""Download the published CIFAR-10 into the app's own cache."""

import math
from pathlib import Path

from vitcore.datasets import batches
from vitcore.datasets.cifar10 import SPLITS, convert, is_whole, shapes
from vitcore.datasets.errors import DataError
from vitcore.datasets.resumable_download import Progress, download
from vitcore.datasets.source import ARCHIVE_NAME, published_folder

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SIZE = 170_498_071  # bytes
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


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
