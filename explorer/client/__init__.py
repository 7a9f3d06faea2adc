"""The only way from views to models and data."""

from __future__ import annotations

import gc
import itertools
import logging
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.client.dispatcher import Dispatcher
from explorer.client.models import card, model_names, trouble, weights
from explorer.client.request_queue import Asker, Task
from explorer.client.results import Problem, Reading, Waiting
from explorer.client.tasks import forward_pass
from explorer.data import cifar10_setup
from explorer.state import DEFAULT_PATCH_SIZE, Picture
from vitcore import checkpoints
from vitcore.config import PATCH_SIZES, ViTConfig
from vitcore.intervention import Intervention
from vitcore.messages import as_sentence

__all__ = [
    "Intervention",
    "Problem",
    "Reading",
    "Waiting",
    "ask",
    "card",
    "config",
    "dense_equals_conv",
    "model_names",
    "reading",
    "trouble",
    "weights",
]

_log = logging.getLogger(__name__)
_PATIENCE = 0.4  # seconds a script run may wait for the model, in all
_HEAD_START = 5.0  # seconds after which the worker is started though nobody has opened a page
_references = itertools.count(1)


def config(model: str) -> ViTConfig | Problem:
    """What a model is built of."""
    if not model:
        return Problem("No models yet.", "Train one on the Train page.")
    try:
        return weights(model)[0]
    except (OSError, ValueError) as error:
        return _explain(error)


def reading(
    model: str,
    picture: Picture,
    patch_size: int,
    *,
    intervention: Intervention | None = None,
    slot: str | None = None,
) -> Reading | Waiting | Problem:
    """One forward pass of the image, everything kept.

    It waits 0.4 s at most; then it is `Waiting`, and the page runs again once there is news.

    Args:
        model: one of `model_names()`.
        picture: the selected image.
        patch_size: P.
        intervention: what to change in the pass.
        slot: of one slot only the newest wish is kept; for controls inside a fragment.
    """
    return _ask(
        forward_pass.reading,
        model,
        picture,
        (patch_size, intervention),
        what=f"Running the model (P = {patch_size})…",
        slot=slot,
    )


def dense_equals_conv(model: str, picture: Picture, patch_size: int) -> float | Waiting | Problem:
    """Largest difference between `Dense(flatten(patch))` and `Conv2D` on the image."""
    return _ask(
        forward_pass.dense_equals_conv,
        model,
        picture,
        (patch_size,),
        what="Comparing Dense and Conv2D…",
    )


# The worker and this session's wishes.


def start_worker() -> None:
    """Start the model's process and get the pictures ready, without waiting for either."""
    _dispatcher().open()
    cifar10_setup.cifar10().prepare()


def stop_worker() -> None:
    """End what `start_worker` started."""
    cifar10_setup.cifar10().stop()
    _dispatcher().close()
    gc.collect()  # the server ends by a signal: what loky holds of the system must go now


def begin_run() -> None:
    """Called by main.py before anything asks the model."""
    _dispatcher().begin(_asker(), allowance=_PATIENCE)


def wait_no_longer() -> None:
    """What is asked from here on comes when it comes: the next run must not wait for this one."""
    _asker().allowance = 0.0


def end_run() -> bool:
    """Called by main.py when the page is drawn. Returns whether something is still awaited."""
    _dispatcher().end(_asker())
    return bool(_asker().waiting)


def news() -> bool:
    """Whether something that this session waits for has come."""
    asker = _asker()
    asker.polled = _dispatcher().settled(asker)
    return asker.polled


def explain(error: Exception) -> Problem:
    """An unexpected error as a sentence, with a reference to the server's log."""
    reference = f"E{next(_references):04d}"
    _log.error("%s: unexpected error", reference, exc_info=error)
    return Problem(
        f"Unexpected error (reference {reference} in the server log).",
        "Reload the page.",
    )


def _explain(error: Exception) -> Problem:
    if isinstance(error, checkpoints.CheckpointError) and str(error):
        return Problem(as_sentence(str(error)), "Select another model.")
    if isinstance(error, ValueError) and str(error):
        _log.warning("the request failed", exc_info=error)
        return Problem(as_sentence(str(error)), "Change the selection.")
    return explain(error)


def _ask(
    function: Any, model: str, picture: Picture, rest: tuple, *, what: str, slot: str | None = None
) -> Any:
    return ask(
        function,
        model,
        (picture.pixels, *rest),
        key=(picture.key, *rest),
        patch_size=rest[0],
        what=what,
        slot=slot,
    )


def ask(
    function: Any,
    model: str,
    arguments: tuple,
    *,
    key: tuple,
    patch_size: int,
    what: str,
    slot: str | None = None,
    background: bool = False,
    heeded: bool = True,
) -> Any:
    """Its answer, `Waiting` or `Problem`; views call what is named after what they want.

    Args:
        function: of the worker; it is given the model's folder, its stamp and the arguments.
        model: one of `model_names()`.
        arguments: the others of the function.
        key: with the function and the model all that its answer depends on.
        patch_size: P, which is compiled by this.
        what: said while it runs.
        slot: of one slot only the newest wish is kept.
        background: comes after everything else, and is not waited for.
        heeded: whether its answer is news for which the page runs again.
    """
    if not model:
        return Problem("No models yet.", "Train one on the Train page.")
    try:
        folder = checkpoints.folder_of(model)
        stamp = checkpoints.stamp(folder)
    except (OSError, ValueError) as error:
        return _explain(error)
    task = Task(
        key=(function.__name__, str(folder), stamp, *key),
        function=function,
        arguments=(str(folder), stamp, *arguments),
        what=what,
        warms=_warm_key(folder, stamp, patch_size),
        background=background,
    )
    context = get_script_run_ctx(suppress_warning=True)
    in_fragment = bool(context and context.fragment_ids_this_run)
    patience = 0.0 if background else _PATIENCE if in_fragment else None
    if not background:  # which nobody waits for, perhaps of a model that nobody chose
        _wanted().update(folder=folder, stamp=stamp, patch_size=patch_size)
    return _dispatcher().ask(task, _asker(), slot=slot, patience=patience, heeded=heeded)


def _asker() -> Asker:
    return st.session_state.setdefault("asker", Asker())


@cache
def _dispatcher() -> Dispatcher:
    return Dispatcher(
        forward_pass.start,
        first_steps=_first_steps,
        explain=_explain,
        idle=_next_to_warm,
        head_start=_HEAD_START,
    )


@cache
def _wanted() -> dict[str, Any]:
    """What was asked for last, which says what to warm next."""
    return {}


def _warm_key(folder: Path, stamp: tuple[int, ...], patch_size: int) -> tuple:
    return "warm", str(folder), stamp, patch_size


def _first_steps() -> list[Task]:
    steps = [Task("import", forward_pass.import_libraries, what="Loading TensorFlow…")]
    if (target := _target()) is not None:
        folder, stamp, patch_size = target
        steps.append(
            Task(
                "first pass",
                forward_pass.warm_if_possible,
                (str(folder), stamp, patch_size),
                what=f"Loading {folder.name}…",
                warms=_warm_key(folder, stamp, patch_size),
            )
        )
    return steps


def _target() -> tuple[Path, tuple[int, ...], int] | None:
    """The model and patch size that are asked for most likely."""
    wanted = dict(_wanted())
    if wanted:
        return wanted["folder"], wanted["stamp"], wanted["patch_size"]
    for name in model_names()[:1]:
        folder = checkpoints.folder_of(name)
        return folder, checkpoints.stamp(folder), DEFAULT_PATCH_SIZE
    return None


def _next_to_warm(warm: set) -> Task | None:
    """The patch size nearest to the last one asked for that would still have to be compiled."""
    try:
        target = _target()
    except (OSError, ValueError):
        return None
    if target is None:
        return None
    folder, stamp, patch_size = target
    here = PATCH_SIZES.index(patch_size) if patch_size in PATCH_SIZES else 0
    nearest = sorted(PATCH_SIZES, key=lambda size: abs(PATCH_SIZES.index(size) - here))
    for size in nearest:
        key = _warm_key(folder, stamp, size)
        if key not in warm:
            return Task(key, forward_pass.warm_if_possible, (str(folder), stamp, size), warms=key)
    return None
