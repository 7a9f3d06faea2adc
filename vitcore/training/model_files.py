"""What keeps a folder from being a model, told without reading its weights; no NumPy."""

import json
from functools import lru_cache
from operator import index
from pathlib import Path

from vitcore.config import ViTConfig
from vitcore.messages import os_error_reason
from vitcore.regular_files import open_regular, read_regular

CONFIG, WEIGHTS = "config.json", "weights.safetensors"


def problem(folder: str | Path) -> str:
    """One sentence about what is wrong with a model's files, or "" where nothing is.

    Reads the config, and of the weights only the table of contents.
    """
    folder, name = Path(folder), CONFIG
    try:
        for name, wrong in ((CONFIG, _config_problem), (WEIGHTS, _weights_problem)):
            stat = (folder / name).stat()
            if what := wrong(folder / name, stat.st_mtime_ns, stat.st_size):
                return what
    except FileNotFoundError:
        return f"{name} is missing."
    except OSError as error:
        return f"{name} could not be read: {os_error_reason(error)}."
    return ""


@lru_cache(maxsize=256)  # a list of runs is drawn again and again
def _config_problem(path: Path, _changed: int, _size: int) -> str:
    try:
        values = json.loads(read_regular(path))
    except ValueError:
        return f"{CONFIG} is corrupted: not JSON."
    except RecursionError:
        return f"{CONFIG} is corrupted: nesting too deep."
    if not isinstance(values, dict) or not isinstance(values.get("model"), dict):
        return f"{CONFIG} is corrupted: no model."
    try:
        ViTConfig.from_dict(values["model"])
    except (TypeError, ValueError, OverflowError) as error:
        return f"{CONFIG} is corrupted: {str(error)[:200].rstrip('.')}."
    return ""


@lru_cache(maxsize=256)
def _weights_problem(path: Path, _changed: int, size: int) -> str:
    try:
        with open_regular(path) as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > size - 8:
                return f"{WEIGHTS} is corrupted: incomplete header."
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        expected = 8 + length + max(map(index, ends), default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return f"{WEIGHTS} is corrupted: unreadable header."
    if size != expected:
        return f"{WEIGHTS} is corrupted: expected {expected:,} bytes, found {size:,}."
    return ""
