"""Asking the model's process: this session's requests, and the life of the process."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer import cluster
from explorer.client.cluster_worker import ClusterWorker
from explorer.client.dispatcher import Dispatcher, WorkerStatus
from explorer.client.models import explain, model_names
from explorer.client.request_queue import Session, Task
from explorer.client.tasks import forward_pass
from explorer.data import cifar10_setup
from explorer.results import Failure, Result
from explorer.selection import DEFAULT_PATCH_SIZE, ModelRef, Selection
from explorer.text.language import N_
from vitcore import checkpoints
from vitcore.config import PATCH_SIZES

_PATIENCE = 0.4  # seconds a script run may wait for the model, in all
_LOOK, _A_LOOK = 0.3, 0.05  # seconds between two looks for news: at least, for each who waits
_HEAD_START = 5.0  # seconds after which the worker is started though nobody has opened a page


def ask(
    function: Callable[..., Any],
    selection: Selection,
    *arguments: Any,
    message: str,
    slot: str | None = None,
    background: bool = False,
    notify: bool = True,
    here: Callable[[], Any] | None = None,
) -> Result[Any]:
    """The result of a function of the worker about the selected image.

    Args:
        function: given the model's folder and stamp, the pixels, P and the arguments.
        selection: model, image and patch size.
        arguments: the others of the function, hashable.
        message: said while it runs.
        slot: of one slot only the newest request is kept; for controls inside a fragment.
        background: comes after everything else, and is not waited for.
        notify: whether its result is news for which the page runs again.
        here: computes the same in this process, for the seconds that a worker takes to start.
    """
    if isinstance(selection.model, Failure):
        return selection.model
    image, patch_size = selection.image, selection.patch_size
    return ask_model(
        function,
        selection.model,
        (image.pixels, patch_size, *arguments),
        key=(image.key, patch_size, *arguments),
        patch_size=patch_size,
        message=message,
        slot=slot,
        background=background,
        notify=notify,
        here=here,
    )


def ask_model(
    function: Callable[..., Any],
    model: ModelRef,
    arguments: tuple[Any, ...],
    *,
    patch_size: int,
    message: str,
    key: tuple[Any, ...] | None = None,
    slot: str | None = None,
    background: bool = False,
    notify: bool = True,
    here: Callable[[], Any] | None = None,
) -> Result[Any]:
    """The same about anything else, such as a test set or a snapshot of a training run.

    Args:
        function: given the model's folder and stamp, and the arguments.
        model: the model.
        arguments: the others of the function.
        patch_size: P, which is compiled by this.
        message: said while it runs.
        key: with the function and the model all that the result depends on; default the arguments.
        slot, background, notify, here: as of `ask`.
    """
    folder, stamp = str(model.folder), model.stamp
    task = Task(
        key=(function.__name__, folder, stamp, *(arguments if key is None else key)),
        function=function,
        arguments=(folder, stamp, *arguments),
        message=message,
        warms_up=_warm_key(model.folder, stamp, patch_size),
        background=background,
        here=here,
    )
    context = get_script_run_ctx(suppress_warning=True)
    in_fragment = bool(context and context.fragment_ids_this_run)
    patience = 0.0 if background else _PATIENCE if in_fragment else None
    if not background:  # which nobody waits for, perhaps of a model that nobody chose
        _last_asked().update(target=(model.folder, stamp, patch_size))
    return _dispatcher().ask(task, _session(), slot=slot, patience=patience, notify=notify)


def start_worker() -> None:
    """Start the model's process and get the images ready, without waiting for either."""
    _dispatcher().open()
    cifar10_setup.cifar10().prepare()


def stop_worker() -> None:
    """End what `start_worker` started."""
    cifar10_setup.cifar10().stop()
    _dispatcher().close()
    gc.collect()  # the server ends by a signal: what loky holds of the system must go now


def worker_status() -> WorkerStatus:
    """Of the model's process, as the dispatcher says it."""
    return _dispatcher().status()


def begin_run() -> None:
    """Called by main.py before anything asks the model."""
    _dispatcher().begin(_session(), allowance=_PATIENCE)


def wait_no_longer() -> None:
    """What is asked from here on comes when it comes: the next run must not wait for this one."""
    _session().allowance = 0.0


def end_run() -> float:
    """Called by main.py when the page is drawn.

    Returns:
        Seconds until it should look for `news`, 0 where nothing is awaited. Where many wait, each
        looks more seldom: a look is a run of its own.
    """
    waiting = _dispatcher().end(_session())
    return max(_LOOK, waiting * _A_LOOK) if waiting else 0.0


def news() -> bool:
    """Whether something that this session waits for has come."""
    session = _session()
    session.polled = _dispatcher().settled(session)
    return session.polled


def _session() -> Session:
    return st.session_state.setdefault("client_session", Session())


@cache
def _dispatcher() -> Dispatcher:
    return Dispatcher(
        ClusterWorker if cluster.address() else forward_pass.start,
        first_steps=_first_steps,
        explain=explain,
        idle=_next_to_warm_up,
        head_start=_HEAD_START,
    )


Target = tuple[Path, tuple[int, ...], int]  # a model's folder and stamp, and P


@cache
def _last_asked() -> dict[str, Target]:
    """What was asked for last by anybody, which says what to warm up next."""
    return {}


def _warm_key(folder: Path, stamp: tuple[int, ...], patch_size: int) -> tuple[Any, ...]:
    return "warm", str(folder), stamp, patch_size


def _first_steps() -> list[Task]:
    steps = [Task("import", forward_pass.import_libraries, message=N_("Loading TensorFlow…"))]
    if (target := _target()) is not None:
        folder, stamp, patch_size = target
        steps.append(
            Task(
                "first pass",
                forward_pass.warm_if_possible,
                (str(folder), stamp, patch_size),
                message=N_("Loading {model}…"),
                about=folder.name,
                warms_up=_warm_key(folder, stamp, patch_size),
            )
        )
    return steps


def _target() -> Target | None:
    """The model and patch size that are asked for most likely."""
    if (target := _last_asked().get("target")) is not None:
        return target
    for name in model_names()[:1]:
        folder = checkpoints.folder_of(name)
        return folder, checkpoints.stamp(folder), DEFAULT_PATCH_SIZE
    return None


def _next_to_warm_up(warm: set[Any]) -> Task | None:
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
            arguments = (str(folder), stamp, size)
            return Task(key, forward_pass.warm_if_possible, arguments, warms_up=key)
    return None
