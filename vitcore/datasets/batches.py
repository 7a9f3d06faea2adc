"""Read the published CIFAR-10 batches, which are pickles, without trusting them.

Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Python version".
"""

import gzip
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

import numpy as np

TRAIN_FILES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_FILES = ("test_batch",)
BATCH_FILES = TRAIN_FILES + TEST_FILES
IMAGES_PER_BATCH = 10_000
_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_LARGEST_BATCH = 64 * 2**20  # bytes; a published batch has 31 MB

Batch = tuple[str, np.ndarray, np.ndarray]


class DataError(ValueError):
    """A dataset could not be read or downloaded; the message is a sentence to show to a person."""


class _Dtype:
    """Stands in for numpy.dtype: keeps the code and ignores the rest."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code

    def __setstate__(self, state: object) -> None:
        # Byte order and alignment, which one-byte numbers do not have.
        pass


class _Array:
    """Stands in for numpy.ndarray: NumPy's own pickle code never sees the file."""

    def __init__(self, *_: object) -> None:
        self.shape: Any = None
        self.dtype: Any = None
        self.order: Literal["F", "C"] = "C"
        self.raw: Any = b""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, fortran, self.raw = state
        self.order = "F" if fortran else "C"

    def values(self) -> np.ndarray:
        code = getattr(self.dtype, "code", None)
        if code not in ("u1", "uint8", "|u1"):
            raise DataError(f"data must have dtype uint8, got {code}")
        return np.frombuffer(self.raw, np.uint8).reshape(self.shape, order=self.order)


def _from_buffer(raw: object, dtype: object, shape: object, order: Literal["F", "C"]) -> _Array:
    array = _Array()
    array.raw, array.dtype, array.shape, array.order = raw, dtype, shape, order
    return array


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text encoding must be latin1, got {encoding}")
    return text.encode("latin1")


# Python 3 writes bytes as _codecs.encode in protocols 0 to 2, and NumPy 2 renamed its core.
_ALLOWED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("_codecs", "encode"): _encode,
}


class _BatchUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"refused to load {module}.{name}") from None


def read_batch(file: IO[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """One batch of images and labels.

    Args:
        file: a pickled dict with `data` (N, 3072) uint8, colours first, and `labels`, N integers
            from 0 to 9, as Python 2 or 3 wrote it.

    Returns:
        images (N, 32, 32, 3) uint8, labels (N,) uint8, with N = 10,000.

    Raises:
        DataError: when it is anything else; the message completes "<file> is broken: ...".
    """
    try:
        content = _BatchUnpickler(file, encoding="bytes").load()
        entries = {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}
        data, labels = entries["data"], entries["labels"]
        pixels = data.values()
        labels = labels.values() if isinstance(labels, _Array) else np.asarray(labels)
    except DataError:
        raise
    except EOFError:
        raise DataError("truncated") from None
    except KeyError as error:
        raise DataError(f"missing entry {error}") from None
    except (OSError, tarfile.TarError, zlib.error):
        raise
    # A damaged pickle can raise nearly anything; none of it may reach the caller.
    except Exception as error:
        raise DataError(str(error).rstrip(".") or type(error).__name__) from error

    if pixels.shape != (IMAGES_PER_BATCH, _PIXELS):
        raise DataError(f"data must have shape {(IMAGES_PER_BATCH, _PIXELS)}, got {pixels.shape}")
    if labels.shape != (IMAGES_PER_BATCH,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"labels must be {IMAGES_PER_BATCH} integers, "
            f"got shape {labels.shape} of type {labels.dtype}"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise DataError(f"labels must be from 0 to 9, got {labels.min()} to {labels.max()}")
    images = pixels.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    return images, labels.astype(np.uint8)


def read_folder(folder: Path) -> Iterator[Batch]:
    """Yield (file name, images, labels) for each batch of a `cifar-10-batches-py` folder."""
    missing = [name for name in BATCH_FILES if not (folder / name).is_file()]
    if missing:
        raise DataError(f"CIFAR-10 in {folder} is incomplete: missing {', '.join(missing)}.")
    for name in BATCH_FILES:
        path = folder / name
        with path.open("rb") as file:
            yield _named(name, path.stat().st_size, file, folder)


def read_archive(archive: Path) -> Iterator[Batch]:
    """Yield (file name, images, labels) for each batch in `cifar-10-python.tar.gz`."""
    wanted = set(BATCH_FILES)
    try:
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                file = tar.extractfile(member) if member.isfile() else None
                if name not in wanted or file is None:
                    continue
                wanted.remove(name)
                yield _named(name, member.size, file, archive)
                if not wanted:
                    return
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{archive} is corrupted or truncated.") from error
    raise DataError(f"{archive} is incomplete: missing {', '.join(sorted(wanted))}.")


def _named(name: str, size: int, file: IO[bytes], source: Path) -> Batch:
    try:
        if size > _LARGEST_BATCH:
            raise DataError(f"too large: {size} bytes (limit: {_LARGEST_BATCH})")
        images, labels = read_batch(file)
    except DataError as error:
        raise DataError(f"{name} of CIFAR-10 in {source} is corrupted: {error}.") from error
    return name, images, labels
