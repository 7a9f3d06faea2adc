"""Which models there are, and their files; what views ask of them goes through the client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from vitcore import checkpoints
from vitcore.cache import runs_home
from vitcore.config import ViTConfig
from vitcore.training import model_files
from vitcore.training.runs import is_name

_FAVOURITE = "flexi-cifar10"  # the model shown first, where it is there


def model_names() -> list[str]:
    """Models that can be chosen: the bundled ones, then own runs, the newest first."""
    bundled = sorted(checkpoints.bundled(), key=lambda name: (name != _FAVOURITE, name))
    ages = {path.name: _age(path) for path in runs_home().glob("*") if is_name(path.name)}
    own = [name for name in ages if ages[name] and name not in bundled]
    return bundled + sorted(own, key=lambda name: (ages[name], name), reverse=True)


def _age(folder: Path) -> int:
    """When a model's weights were written, or 0 where its files are not both there, and whole."""
    if model_files.problem(folder):
        return 0
    try:
        return (folder / checkpoints.WEIGHTS).stat().st_mtime_ns
    except OSError:  # deleted at this moment
        return 0


def trouble(name: str) -> str:
    """What keeps a run from being a model, as a sentence, or "" where there is no such run."""
    folder = runs_home() / name
    try:
        known = is_name(name) and folder.name == name and folder.is_dir()
        return model_files.problem(folder) if known else ""
    except (OSError, ValueError):  # a name that is too long, or none at all
        return ""


def card(model: str) -> dict[str, Any] | None:
    """What a model's makers say of it, or None."""
    return checkpoints.card(model)


def weights(model: str) -> tuple[ViTConfig, dict[str, np.ndarray]]:
    """A model's config and its weights by name, float32, read-only; needs no worker.

    Raises:
        CheckpointError: if there is no such model, or its files are damaged.
    """
    return _weights(model, checkpoints.stamp(checkpoints.folder_of(model)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _weights(
    model: str,
    stamp: tuple[int, ...],  # noqa: ARG001 - a new file, new weights
) -> tuple[ViTConfig, dict[str, np.ndarray]]:
    config, arrays = checkpoints.read(model)
    for array in arrays.values():
        array.setflags(write=False)
    return config, arrays
