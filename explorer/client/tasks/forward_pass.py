"""What runs in the model's own process, the only one beside training that imports TensorFlow."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.records import ModelOutput
from explorer.text.language import N_
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention

if TYPE_CHECKING:
    from explorer.client.local_worker import LocalWorker

_LOADED = 3  # models of different build kept in memory
_WARMED = 1200  # tokens that are passed before anybody asked: those of 32 pixels at P = 1
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # This process holds models: what loky would call a leak is their memory.
    "LOKY_MAX_MEMORY_LEAK_SIZE": "4e9",
}


def start() -> LocalWorker:
    """A process that stays when idle and ends with this one."""
    from explorer.client.local_worker import LocalWorker
    from vitcore import backend

    name = os.environ.get("KERAS_BACKEND") or backend.installed()
    try:
        return LocalWorker(
            max_workers=1,
            timeout=None,
            initializer=_settle_in,
            initargs=(os.getpid(),),
            env={**_ENVIRONMENT, "KERAS_BACKEND": name},
        )
    except OSError as error:
        raise ValueError(N_("Shared memory (/dev/shm on Linux) cannot be used.")) from error


# Everything below runs in the worker. Imports of vitcore's models are inside: the app process
# imports this module to name its functions.


def _settle_in(parent: int) -> None:
    import signal

    # Ctrl-C reaches the whole group of processes; the server ends this one in its own time.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when the server is gone, however it went."""
    if sys.platform == "win32":
        import ctypes

        synchronize, forever = 0x00100000, 0xFFFFFFFF
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, parent)
        ctypes.windll.kernel32.WaitForSingleObject(handle, forever)
    else:
        while os.getppid() == parent:
            time.sleep(1.0)
    os._exit(0)


def import_libraries() -> None:
    """Import what models need, once, and let the first page's drawing go before it."""
    import gc
    import logging

    # In a thread of its own, because a priority that was lowered cannot be raised again.
    with ThreadPoolExecutor(1, initializer=_give_way) as thread:
        thread.submit(_import).result()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    gc.collect()
    gc.freeze()


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere this is a matter of the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


def _import() -> None:
    with _quiet():
        import vitcore.tracing  # noqa: F401


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what native code writes to stderr; Python's errors still come through."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


@dataclass(slots=True)
class _Loaded:
    model: Any
    source: tuple[str, tuple[int, ...]]  # folder, and the state of its files
    compiled: set[int]  # patch sizes


@cache
def _loaded() -> OrderedDict[ViTConfig, _Loaded]:
    """Models in memory by what they are built of, the one used last at the end."""
    return OrderedDict()


def _load(folder: str, stamp: tuple[int, ...]) -> _Loaded:
    """The model in a folder, whose files are in the state `stamp`.

    Of models that differ only in their weights one is built: compiling takes seconds and memory
    that is never given back, exchanging weights takes milliseconds.
    """
    import vitcore
    from vitcore import checkpoints

    kept = _loaded()
    for config, loaded in kept.items():
        if loaded.source == (folder, stamp):
            kept.move_to_end(config)
            return loaded
    config, weights = checkpoints.read(folder)
    if config in kept:
        loaded = kept[config]
        loaded.source = "", ()
        for name, variable in loaded.model.weights_by_name().items():
            variable.assign(weights[name])
        loaded.source = folder, stamp
    else:
        loaded = _Loaded(vitcore.load(folder), (folder, stamp), set())
        kept[config] = loaded
        if len(kept) > _LOADED:
            kept.popitem(last=False)
    kept.move_to_end(config)
    return loaded


def compiled(folder: str, stamp: tuple[int, ...], patch_size: int) -> Any:
    """The model, its forward pass at one patch size compiled."""
    import vitcore

    loaded = _load(folder, stamp)
    if patch_size not in loaded.compiled:
        side = loaded.model.config.image_size
        vitcore.trace(loaded.model, np.zeros((side, side, 3), np.uint8), patch_size=patch_size)
        loaded.compiled.add(patch_size)
    return loaded.model


def untrained(folder: str, stamp: tuple[int, ...], patch_size: int, seed: int) -> Any:
    """The same as training began with it: the first weights that its config and a seed make."""
    from vitcore.initialisation import initial_weights

    model = compiled(folder, stamp, patch_size)
    loaded = _loaded()[model.config]
    loaded.source = "", ()
    first = initial_weights(model.config, seed)
    for name, variable in model.weights_by_name().items():
        variable.assign(first[name])
    return model


def warm(folder: str, stamp: tuple[int, ...], patch_size: int) -> None:
    """Load a model and compile one patch size."""
    compiled(folder, stamp, patch_size)


def warm_if_possible(folder: str, stamp: tuple[int, ...], patch_size: int) -> bool:
    """`warm`, but a model that is large or cannot be loaded is left to the one who asks for it."""
    from vitcore import checkpoints

    try:
        if checkpoints.read_config(folder).tokens(patch_size) > _WARMED:
            return False
        warm(folder, stamp, patch_size)
    except Exception as error:
        print(f"not warmed: {error!r}", file=sys.stderr)
        return False
    return True


def forward(
    folder: str,
    stamp: tuple[int, ...],
    pixels: np.ndarray,
    patch_size: int,
    intervention: Intervention | None,
) -> ModelOutput:
    """One image through one model, everything kept.

    Args:
        folder: of the model.
        stamp: state of its weights file.
        pixels: (H, W, 3) uint8.
        patch_size: P.
        intervention: what to change in the pass.
    """
    import vitcore
    from vitcore.interpret.logit_lens import NEEDED

    model = compiled(folder, stamp, patch_size)
    started = time.perf_counter()
    trace = vitcore.trace(model, pixels, patch_size=patch_size, intervention=intervention)
    seconds = time.perf_counter() - started
    variables = model.weights_by_name()
    weights = {name: np.asarray(variables[name]) for name in NEEDED}
    return model_output(model.config, weights, trace, patch_size=trace.patch_size, seconds=seconds)


def model_output(
    config: ViTConfig,
    weights: Mapping[str, np.ndarray],
    found: Any,
    *,
    patch_size: int,
    seconds: float | None,
) -> ModelOutput:
    """A pass as the app shows it.

    Args:
        config: of the model.
        weights: its last LayerNorm and its head.
        found: a `vitcore.Trace`, or a `NumpyPass`.
        patch_size: P.
        seconds: that it took, compiled.
    """
    from vitcore.inference import probabilities
    from vitcore.interpret.logit_lens import logit_lens
    from vitcore.interpret.token_norms import token_norms

    first, image = config.num_prefix_tokens, np.asarray(found.image, np.uint8)
    lens = logit_lens(found.hidden_states, weights, config)
    logits = _float32(found.logits)
    return ModelOutput(
        patch_size=patch_size,
        grid=(image.shape[0] // patch_size, image.shape[1] // patch_size),
        num_prefix_tokens=first,
        image=image,
        tokens=_float32(found.hidden_states[0]),
        attention=_float32(found.attention),
        patch_logits=None if found.patch_logits is None else _float32(found.patch_logits[first:]),
        logits=logits,
        probabilities=_float32(probabilities(logits)),
        logit_lens=_float32(probabilities(lens.image)),
        patch_logit_lens=_float32(probabilities(lens.patches)),
        token_norms=token_norms(found.hidden_states),
        seconds=seconds,
    )


def dense_conv_difference(
    folder: str,
    stamp: tuple[int, ...],  # noqa: ARG001 - a new file, a new question
    pixels: np.ndarray,
    patch_size: int,
) -> float:
    """Largest difference between the two ways to embed patches, with the model's own weights.

    Both functions are shown on the Patches page as they stand. Their layers have names, because
    TensorFlow keeps 36 kB for each name of a variable that is new.
    """
    from keras import ops

    from vitcore import checkpoints, patches
    from vitcore.examples.patch_embedding import embed_with_conv2d, embed_with_dense

    config, weights = checkpoints.read(folder)
    kernel = patches.pi_resize(weights["patch_embedding/kernel"], patch_size)  # (P, P, C, D)
    bias = weights["patch_embedding/bias"]  # (D,)
    seen = patches.model_input(pixels, patch_size, image_size=config.image_size)
    images = patches.normalize(seen, config.pixel_range)[None]  # (1, G*P, G*P, C)
    dense, conv = embed_with_dense(images, kernel, bias), embed_with_conv2d(images, kernel, bias)
    return float(ops.max(ops.abs(dense - conv)))


def test_logits(
    folder: str,
    stamp: tuple[int, ...],
    source: str,
    start: int,
    count: int,
    patch_size: int,
) -> tuple[np.ndarray, float]:
    """Logits (count, C) of the test images from `start` on, and the seconds that they took.

    Args:
        folder: of the model.
        stamp: state of its weights file.
        source: "cifar10" or "sketch10".
        start: the first image, in the order of the data.
        count: how many.
        patch_size: P.
    """
    from vitcore.tracing import predict_logits

    model = _load(folder, stamp).model
    images = np.asarray(_tested(source)[start : start + count])
    started = time.perf_counter()
    logits = predict_logits(model, images, patch_size=patch_size)
    return _float32(logits), time.perf_counter() - started


@cache
def _tested(source: str) -> Any:
    """Test images by number; sketches are drawn when they are first asked for."""
    from explorer.data import WHOLE
    from vitcore.datasets import cifar10
    from vitcore.training.data import LazySketches

    return cifar10("test")[0] if source == "cifar10" else LazySketches(WHOLE, seed=0)


def _float32(values: Any) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
