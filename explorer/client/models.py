"""Which models there are, and their files; what views ask of them goes through the client."""

from __future__ import annotations

import itertools
import logging
import traceback
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.cluster import ClusterError
from explorer.results import Failure
from explorer.selection import ModelRef
from explorer.text.language import N_, tr
from vitcore import checkpoints
from vitcore.cache import runs_home
from vitcore.config import CLASS_NAMES, ViTConfig
from vitcore.messages import as_sentence
from vitcore.training import model_files
from vitcore.training.runs import is_name

NO_MODELS = Failure(N_("No models yet."), N_("Train one on the Train page."))
_DEFAULT = "flexi-cifar10"  # the model shown first, where it is there
_log = logging.getLogger(__name__)
_references = itertools.count(1)


def model_names() -> list[str]:
    """Models that can be chosen: the bundled ones, then own runs, the newest first."""
    bundled = sorted(checkpoints.bundled(), key=lambda name: (name != _DEFAULT, name))
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


def load_error(name: str) -> str:
    """What keeps a run from being a model, as a sentence, or "" where there is no such run."""
    folder = runs_home() / name
    try:
        known = is_name(name) and folder.name == name and folder.is_dir()
        return model_files.problem(folder) if known else ""
    except (OSError, ValueError):  # a name that is too long, or none at all
        return ""


def resolve(name: str) -> ModelRef | Failure:
    """The model of this name with its config, read once; or why it cannot be opened."""
    if not name:
        return NO_MODELS.said()
    try:
        folder = checkpoints.folder_of(name)
        stamp = checkpoints.stamp(folder)
        return ModelRef(name, folder, stamp, _read(str(folder), stamp)[0])
    except (OSError, ValueError) as error:
        return explain(error).said()


def labeled(model: ModelRef | Failure) -> ModelRef | Failure:
    """The model, whose predictions test labels judge; or why it cannot be judged by them."""
    if isinstance(model, Failure) or model.class_names == CLASS_NAMES:
        return model
    return Failure(
        tr(
            "The test images have 10 classes, {model} has {count}.",
            model=model.name,
            count=len(model.class_names),
        ),
        tr("Select another model."),
    )


def weights(model: ModelRef) -> dict[str, np.ndarray]:
    """A model's weights by name, float32, read-only; needs no worker.

    Raises:
        CheckpointError: if its files were damaged since it was resolved.
    """
    return _read(str(model.folder), model.stamp)[1]


def card(model: str) -> dict[str, Any] | None:
    """What a model's makers say of it, or None; belongs to all who ask, and is not changed.

    Raises:
        CheckpointError: if it is corrupted, or there is no such model.
    """
    folder = checkpoints.folder_of(model)
    try:
        state = (folder / checkpoints.CARD).stat()
    except OSError:
        return None
    return _card(str(folder), state.st_mtime_ns, state.st_size)


@st.cache_resource(max_entries=64, show_spinner=False)
def _card(
    folder: str,
    written: int,  # noqa: ARG001 - a new file, a new card
    size: int,  # noqa: ARG001
) -> dict[str, Any] | None:
    return checkpoints.card(folder)


def explain(error: Exception) -> Failure:
    """What a person reads of an error; an unexpected one gets a reference to the server's log.

    In English: no page may be there to say its language.
    """
    if isinstance(error, checkpoints.CheckpointError) and str(error):
        return Failure(as_sentence(str(error)), N_("Select another model."))
    if isinstance(error, FloatingPointError | np.linalg.LinAlgError):  # what overflowed, or its SVD
        return Failure(
            N_("The forward pass gives NaN or infinite values."), N_("Select another model.")
        )
    if isinstance(error, ClusterError):
        return Failure(error.message, N_("Reload the page."), error.values)
    if isinstance(error, ValueError) and str(error):
        _log.warning("the request failed", exc_info=error)
        return Failure(as_sentence(str(error)), N_("Change the selection."))
    return _unexpected(error)


def unexpected(error: Exception) -> Failure:
    """An error that nobody foresaw, with a reference to the server's log."""
    return _unexpected(error).said()


def unexpected_errors() -> int:
    """How many there were, each as often as it came."""
    met = _logged.cache_info()
    return met.hits + met.misses


def _unexpected(error: Exception) -> Failure:
    return Failure(
        N_("Unexpected error (reference {reference} in the server log)."),
        N_("Reload the page."),
        {"reference": _logged("".join(traceback.format_exception(error)))},
    )


@lru_cache(maxsize=256)
def _logged(error: str) -> str:
    """The reference of an error, which is logged once, however often it comes."""
    reference = f"E{next(_references):04d}"
    extra = {"reference": reference}
    _log.error("%s: unexpected error\n%s", reference, error, extra=extra)
    return reference


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(
    folder: str,
    stamp: tuple[int, ...],  # noqa: ARG001 - a new file, new weights
) -> tuple[ViTConfig, dict[str, np.ndarray]]:
    config, arrays = checkpoints.read(folder)
    for array in arrays.values():
        array.setflags(write=False)
    return config, arrays
