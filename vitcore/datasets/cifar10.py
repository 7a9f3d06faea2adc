"""CIFAR-10 as memory-mapped arrays, converted once and then opened in milliseconds."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from vitcore.datasets import batches
from vitcore.datasets.batches import DataError
from vitcore.datasets.source import (
    Source,
    find_cifar10,
    is_converted,
)

_HOW_TO_FETCH = (
    "Download it with `python -m vitcore download` or in the app's sidebar, "
    "or set VITCORE_DATA to a folder that holds cifar-10-batches-py."
)
SPLITS = ("train", "test")
_STALE_AFTER = 3600.0  # seconds; no conversion takes this long, so its folder was abandoned


def cifar10(
    split: Literal["train", "test"] = "test",
    *,
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one split.

    The first call converts the source into the app's cache, which takes seconds; later ones map
    the converted files.

    Args:
        split: "train" (N = 50,000) or "test" (N = 10,000).
        data_dir: see `find_cifar10`.

    Returns:
        images (N, 32, 32, 3) uint8, read-only and memory-mapped, labels (N,) uint8, 0 to 9.

    Raises:
        FileNotFoundError: when CIFAR-10 is nowhere; says how to get it.
        DataError: when it is broken; names the file and what is wrong with it.
        ValueError: for another split.

    Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
    """
    if split not in SPLITS:
        raise ValueError(f"split must be train or test, got {split!r}")
    source = find_cifar10(data_dir)
    if source is None:
        place = data_dir or os.environ.get("VITCORE_DATA")
        where = f" in {place}" if place else ""
        raise FileNotFoundError(f"CIFAR-10 not found{where}. {_HOW_TO_FETCH}")

    folder = source.converted
    try:
        if is_converted(folder):
            return _open(folder, split)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        if source.kind == "converted":
            # Nothing here to convert again, but another place may hold a good one.
            if find_cifar10(data_dir) in (None, source):
                raise
            return cifar10(split, data_dir=data_dir)
    try:
        convert(_read(source), folder)
    except DataError as error:
        raise DataError(f"{error} {_how_to_repair(source)}") from error
    return _open(folder, split)


def convert(read: Iterable[batches.Batch], folder: Path) -> None:
    """Write batches as four `.npy` files into `folder`, which appears whole or not at all.

    Raises:
        DataError: when a batch is broken, the disk is full or the folder cannot be written;
            nothing is left behind.
    """
    try:
        _convert(read, folder)
    except OSError as error:
        raise DataError(
            f"CIFAR-10 could not be converted into {folder.parent}: {error.strerror or error}."
        ) from error


def _convert(read: Iterable[batches.Batch], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    work = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        _write(read, work)
        # Two processes may convert at once: the second finds a whole folder and keeps that.
        if not is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
            try:
                os.replace(work, folder)
            except OSError:
                if not is_whole(folder):
                    raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _read(source: Source) -> Iterable[batches.Batch]:
    if source.kind == "archive":
        return batches.read_archive(source.path)
    return batches.read_folder(source.path)


def _how_to_repair(source: Source) -> str:
    if source.origin == "named":
        return "Replace this copy, or unset VITCORE_DATA to download it."
    return _HOW_TO_FETCH


def shapes(split: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of a split's images and labels."""
    files = batches.TRAIN_FILES if split == "train" else batches.TEST_FILES
    count = len(files) * batches.IMAGES_PER_BATCH
    return (count, 32, 32, 3), (count,)


def _write(read: Iterable[batches.Batch], work: Path) -> None:
    with contextlib.ExitStack() as stack:
        files = {}
        for split in SPLITS:
            for part, shape in zip(("images", "labels"), shapes(split), strict=True):
                file = stack.enter_context((work / f"{split}_{part}.npy").open("wb"))
                header = {"descr": "|u1", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                files[split, part] = file, file.tell()
        for name, images, labels in read:
            split = "train" if name in batches.TRAIN_FILES else "test"
            order = batches.TRAIN_FILES if split == "train" else batches.TEST_FILES
            for part, values in (("images", images), ("labels", labels)):
                # Written, not mapped: on a full disk a write raises, a mapped page kills us.
                file, start = files[split, part]
                file.seek(start + order.index(name) * values.size)
                file.write(np.ascontiguousarray(values).data)
        for file, _ in files.values():
            # On the disk before the folder gets its name: a power cut must not leave it half.
            file.flush()
            os.fsync(file.fileno())


def _open(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = []
    for part, shape in zip(("images", "labels"), shapes(split), strict=True):
        path = folder / f"{split}_{part}.npy"
        try:
            array = np.load(path, mmap_mode="r" if part == "images" else None, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{path} is corrupted. {_HOW_TO_FETCH}") from error
        if array.shape != shape or array.dtype != np.uint8:
            raise DataError(f"{path} must be {shape} uint8, got {array.shape} {array.dtype}.")
        arrays.append(array)
    return arrays[0], arrays[1]


def is_whole(folder: Path) -> bool:
    """Whether both splits can be opened; reads no image."""
    try:
        for split in SPLITS:
            _open(folder, split)
    except DataError:
        return False
    return True


def _remove_leftovers(folder: Path) -> None:
    # Copies of earlier states of this source: the name's last part is the state.
    place, _, state = folder.name.rpartition("-")
    if place.count("-") == 1 and state:
        for old in folder.parent.glob(f"{place}-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    for work in folder.parent.glob(".converting-*"):
        if work.exists() and time.time() - work.stat().st_mtime > _STALE_AFTER:
            shutil.rmtree(work, ignore_errors=True)
