"""The only reader and writer of a model's files: a config, its weights and its card.

A model folder holds `config.json`, `weights.safetensors` and, where someone measured it,
`card.json`. No TensorFlow and no pickle: what is read is numbers and text.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from vitcore import cache
from vitcore.config import ViTConfig
from vitcore.initialisation import weight_shapes
from vitcore.messages import os_error_reason
from vitcore.regular_files import open_regular, read_regular
from vitcore.stored_names import card_fields

BUNDLED = Path(__file__).parent / "bundled"
_FORMAT = 1  # of config.json
CONFIG, WEIGHTS, CARD = "config.json", "weights.safetensors", "card.json"


class CheckpointError(ValueError):
    """A model that is not there or cannot be read, said in one sentence."""


def bundled() -> tuple[str, ...]:
    """Names of the models that come with the package."""
    try:
        return _in(BUNDLED, BUNDLED.stat().st_mtime_ns)
    except FileNotFoundError:
        return ()


@lru_cache(maxsize=4)
def _in(folder: Path, _: int) -> tuple[str, ...]:  # the second is new once a model is added
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{WEIGHTS}")))


def folder_of(name_or_folder: str | Path) -> Path:
    """Where a model lies: a bundled name, the name of a run, or a folder.

    Raises:
        CheckpointError: if it is none of these.
    """
    name = str(name_or_folder)
    if name in bundled():
        return BUNDLED / name
    for folder in (_expanded(name), cache.runs_home() / name):
        try:
            if (folder / CONFIG).is_file():
                return folder
        except OSError:  # a name that is too long, or a folder that is closed to us
            continue
    known = ", ".join(bundled()) or "none"
    raise CheckpointError(
        f"model not found: {name!r}. Bundled: {known}; or name a run or a folder with {CONFIG}"
    )


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # "~nobody", and there is no such user
        return Path(name)


def read(name_or_folder: str | Path) -> tuple[ViTConfig, dict[str, np.ndarray]]:
    """A model's config and its weights by name, float32.

    Raises:
        CheckpointError: if a file is missing, damaged, or does not fit the config.
    """
    folder = folder_of(name_or_folder)
    config = read_config(folder)
    path = folder / WEIGHTS
    try:
        open_regular(path).close()  # what is none would be waited for
        stored = load_file(path)
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder.name} has no {WEIGHTS}. Train it or copy it again"
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"{path.name} of {folder.name} is corrupted: {os_error_reason(error)}"
        ) from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} of {folder.name} is corrupted: {error}") from None
    wanted = weight_shapes(config)
    if set(stored) != set(wanted):
        odd = sorted(set(stored) ^ set(wanted))
        raise CheckpointError(
            f"weights of {folder.name} do not match its config: {', '.join(odd[:4])}"
        )
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise CheckpointError(
                f"{name} of {folder.name} must have shape {shape}, got {stored[name].shape}"
            )
    weights = {name: _as_float32(folder, name, stored[name]) for name in wanted}
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise CheckpointError(f"{name} of {folder.name} has NaN or infinite values")
    return config, weights


def _as_float32(folder: Path, name: str, values: np.ndarray) -> np.ndarray:
    if np.issubdtype(values.dtype, np.integer) or values.dtype == np.bool_:
        raise CheckpointError(f"{name} of {folder.name} must be floating point, got {values.dtype}")
    with np.errstate(over="ignore"):  # what is too large is infinite, and no number for `read`
        return np.asarray(values, np.float32)


def read_some(
    name_or_folder: str | Path, names: Iterable[str]
) -> tuple[ViTConfig, dict[str, np.ndarray]]:
    """A model's config and those of its weights, float32, without reading the others.

    A model whose training fell apart can be looked at, too: numbers need not be finite.

    Raises:
        CheckpointError: as `read` otherwise.
    """
    folder = folder_of(name_or_folder)
    config = read_config(folder)
    path, shapes = folder / WEIGHTS, weight_shapes(config)
    found = {}
    try:
        open_regular(path).close()
        with safe_open(path, framework="numpy") as stored:
            for name in names:
                found[name] = stored.get_tensor(name)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} of {folder.name} is corrupted: {error}") from None
    for name, values in found.items():
        if values.shape != shapes.get(name):
            raise CheckpointError(
                f"{name} of {folder.name} must have shape {shapes.get(name)}, got {values.shape}"
            )
    return config, {name: _as_float32(folder, name, values) for name, values in found.items()}


def stamp(folder: Path) -> tuple[int, ...]:
    """The state of a model's files: another stamp, another model.

    Raises:
        FileNotFoundError: if they are not both there.
    """
    files = (folder / WEIGHTS, folder / CONFIG)
    return tuple(part for s in map(Path.stat, files) for part in (s.st_mtime_ns, s.st_size))


def read_config(name_or_folder: str | Path) -> ViTConfig:
    """A model's config alone.

    Raises:
        CheckpointError: if it is missing or not the config of a model.
    """
    folder = folder_of(name_or_folder)
    values = _json(folder / CONFIG)
    if not isinstance(values, dict) or "model" not in values:
        raise CheckpointError(f"{CONFIG} of {folder.name} is corrupted: no model")
    if values.get("format", _FORMAT) != _FORMAT:
        raise CheckpointError(
            f"{CONFIG} of {folder.name} has format {values['format']!r}, not {_FORMAT}. "
            "Update ViT Explorer."
        )
    try:
        return ViTConfig.from_dict(values["model"])
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{CONFIG} of {folder.name} is corrupted: {error}") from None


def card(name_or_folder: str | Path) -> dict[str, Any] | None:
    """What a model's makers say of it: data, recipe, seed, hardware, time, measured accuracy."""
    path = folder_of(name_or_folder) / CARD
    if not path.exists():
        return None
    values = _json(path)
    if not isinstance(values, dict):
        raise CheckpointError(f"{CARD} of {path.parent.name} is corrupted: not an object")
    return card_fields(values)


def _json(path: Path) -> Any:
    try:
        return json.loads(read_regular(path).decode())
    except OSError as error:
        what = os_error_reason(error)
    except ValueError:
        what = "not valid JSON, or truncated"
    except RecursionError:
        what = "nesting too deep"
    raise CheckpointError(f"{path.name} of {path.parent.name} is corrupted: {what}")


def write(
    folder: Path,
    config: ViTConfig,
    weights: Mapping[str, np.ndarray],
    *,
    half: bool = False,
) -> None:
    """Write a model; each of its two files is the old one or the new one, never a part of it.

    Args:
        folder: made where it is missing.
        half: store float16, half the size; read back as float32. What lies beyond its range
            becomes its last number, 65,504.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = np.float16 if half else np.float32
    most = np.finfo(kind).max  # beyond it float16 would store infinity
    # Not ascontiguousarray: it turns a number into an array of one.
    arrays = {
        name: np.asarray(np.clip(value, -most, most) if half else value, kind, order="C")
        for name, value in weights.items()
    }
    # Of those stored in half there are many, and one may be lost with the machine's power.
    with replacing(folder / CONFIG, lasting=not half) as part:
        text = json.dumps({"format": _FORMAT, "model": config.to_dict()}, indent=1)
        part.write_text(text + "\n", "utf-8")
    with replacing(folder / WEIGHTS, lasting=not half) as part:
        save_arrays(arrays, part)


def save_arrays(arrays: Mapping[str, np.ndarray], path: Path, **texts: str) -> None:
    """Write arrays, and texts about them, as one safetensors file.

    Raises:
        OSError: if that cannot be done, the disk being full; of whatever kind it is, the library
            calls it a SafetensorError.
    """
    try:
        save_file(dict(arrays), path, metadata=texts or None)
    except SafetensorError as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise OSError(str(error)) from error
        code = int(number[1])
        raise OSError(code, os.strerror(code), str(path)) from error


def write_card(folder: Path, values: Mapping[str, Any]) -> None:
    """Write a model's card as JSON."""
    with replacing(folder / CARD) as part:
        part.write_text(json.dumps(values, indent=1) + "\n", "utf-8")


class replacing:  # noqa: N801 - reads as a verb: `with replacing(path) as part`
    """Write beside a file and put it in its place once it is whole.

    Args:
        path: the file.
        lasting: wait until it is on disk, which takes as long as the disk is busy.
    """

    def __init__(self, path: Path, *, lasting: bool = True) -> None:
        self.path, self.lasting = path, lasting
        self.part = path.with_name(f"{path.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        with open(self.part, "wb") as file:
            # As readable as any new file: what safetensors writes is for its owner alone.
            self.mode = os.fstat(file.fileno()).st_mode & 0o777
        return self.part

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.part.unlink(missing_ok=True)
            return
        if self.lasting:
            with open(self.part, "rb+") as file:
                os.fsync(file.fileno())
        os.chmod(self.part, self.mode)
        os.replace(self.part, self.path)
