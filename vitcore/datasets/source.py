"""Find CIFAR-10 on this machine, without reading it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vitcore import cache
from vitcore.datasets.batches import BATCH_FILES

FOLDER_NAME = "cifar-10-batches-py"
ARCHIVE_NAME = "cifar-10-python.tar.gz"
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True, slots=True)
class Source:
    """Where CIFAR-10 would come from."""

    kind: Literal["folder", "archive", "converted"]
    path: Path
    origin: Literal["named", "cache", "keras"]  # named by a person, our own cache, Keras' cache

    @property
    def converted(self) -> Path:
        """The folder of `.npy` files made from this source; it may not exist yet."""
        if self.kind == "converted":
            return self.path
        # The first part stands for the place and the second for the state of its files, so that
        # a changed source is read anew and its old copy can be found and removed.
        files = [self.path / n for n in BATCH_FILES] if self.kind == "folder" else [self.path]
        state = [(f.name, (s := f.stat()).st_size, s.st_mtime_ns) for f in files if f.exists()]
        place = _short_hash(str(self.path.resolve()))
        return cache.data_home() / f"cifar10-{place}-{_short_hash(repr(state))}"

    @property
    def ready(self) -> bool:
        """Whether it opens in milliseconds; else the first opening converts it in seconds."""
        return is_converted(self.converted)


def published_folder() -> Path:
    """Where a downloaded set is kept."""
    return cache.data_home() / "cifar10-published"


def is_converted(folder: Path) -> bool:
    """Whether the folder holds all four arrays."""
    return all((folder / f"{name}.npy").is_file() for name in ARRAYS)


def find_cifar10(data_dir: str | os.PathLike[str] | None = None) -> Source | None:
    """Where CIFAR-10 would come from, or None; reads nothing but folder listings.

    Args:
        data_dir: a folder that holds `cifar-10-batches-py`, that folder itself, or the published
            archive. Where given, no other place is looked at. Else `VITCORE_DATA`, the app's own
            cache and Keras' cache, in this order.
    """
    if data_dir is not None:
        return _inside(_expanded(data_dir), "named")
    named = os.environ.get("VITCORE_DATA")
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return (
        (_inside(_expanded(named), "named") if named else None)
        or _in_own_cache()
        or _inside(keras_home / "datasets", "keras")
    )


def _expanded(name: str | os.PathLike[str]) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # "~nobody", and there is no such user
        return Path(name)


def _inside(place: Path, origin: Literal["named", "keras"]) -> Source | None:
    if place.is_file():
        return Source("archive", place, origin)
    # Keras 3 unpacks into a folder of its own; older versions beside the archive.
    folders = [
        place,
        place / FOLDER_NAME,
        place / f"{FOLDER_NAME}-target" / FOLDER_NAME,
    ]
    held = [(f, sum((f / name).is_file() for name in BATCH_FILES)) for f in folders]
    for folder, count in held:
        if count == len(BATCH_FILES):
            return Source("folder", folder, origin)
    if (place / ARCHIVE_NAME).is_file():
        return Source("archive", place / ARCHIVE_NAME, origin)
    # An incomplete folder is still the answer: opening it says what is missing.
    for folder, count in held:
        if count or (folder.name == FOLDER_NAME and folder.is_dir()):
            return Source("folder", folder, origin)
    return None


def _in_own_cache() -> Source | None:
    if is_converted(published_folder()):
        return Source("converted", published_folder(), "cache")
    others = [f for f in cache.data_home().glob("cifar10-*") if is_converted(f)]
    if not others:
        return None
    return Source("converted", max(others, key=lambda f: f.stat().st_mtime), "cache")


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
