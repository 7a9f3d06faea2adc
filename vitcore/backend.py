"""What Keras leaves to each backend: compiling, gradients, moving arrays, naming the hardware."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

SUPPORTED = ("tensorflow", "jax")


def check() -> str:
    """Name of the running backend.

    Raises:
        ValueError: if Keras was told to use one that we do not support.
    """
    import keras

    name = keras.backend.backend()
    if name not in SUPPORTED:
        raise ValueError(
            f"KERAS_BACKEND must be {' or '.join(SUPPORTED)}, got {name!r}; "
            "set it before Keras is imported"
        )
    return name


def installed() -> str:
    """The first of SUPPORTED that is installed; the first of all where none is."""
    return next(filter(find_spec, SUPPORTED), SUPPORTED[0])


def check_environment() -> None:
    """The same before the slow import of Keras, from the environment and Keras' own file.

    Keras writes TensorFlow into that file by itself: where it is not installed, the one that is
    gets named in the environment.

    Raises:
        ValueError: if a backend is named that we do not support, or that is not installed.
    """
    file = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "keras.json"
    name, said_by = os.environ.get("KERAS_BACKEND", ""), "KERAS_BACKEND"
    if not name:
        with suppress(OSError, ValueError, AttributeError):
            name, said_by = json.loads(file.read_bytes()).get("backend", ""), f"backend in {file}"
        if name in ("", *SUPPORTED) and not find_spec(name or SUPPORTED[0]):
            os.environ["KERAS_BACKEND"] = name = installed()
    if name and name not in SUPPORTED:
        raise ValueError(f"{said_by} must be {' or '.join(SUPPORTED)}, got {name!r}")
    if name and not find_spec(name):
        raise ValueError(
            f"{said_by} is {name!r}, which is not installed. "
            f"Install it, or set KERAS_BACKEND={installed()}"
        )


check_environment()  # who imports this module is about to import Keras


def on_accelerator() -> bool:
    """Whether a step runs beside Python, on a GPU or TPU."""
    if check() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    import jax

    return jax.default_backend() != "cpu"


def compiled(
    model: Any, function: Callable[..., Any], *, frozen: bool = False
) -> Callable[..., Any]:
    """Compile function(call, *arrays), `call` being the model's forward pass.

    The function is traced anew for each new shape. The model's present weights are used at
    every call, so that one in training can be asked as well.

    Args:
        frozen: keep the weights of now instead, as constants of a pass that is fused as a whole.
    """
    if check() == "tensorflow":
        if frozen:
            call = _with_constants(model)
            graph = _graph(lambda *arrays: function(call, *arrays), fused=True)
        else:
            # Not fused by XLA: that compiles four times as long for each patch size, and never
            # gives back some 20 MB for each.
            graph = _graph(lambda *arrays: function(model, *arrays), fused=False)
        return _by_shape(graph)
    import jax

    if frozen:
        return jax.jit(partial(function, _with_constants(model)))

    @jax.jit
    def pure(trainable: Any, other: Any, *arrays: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            return model.stateless_call(trainable, other, *arguments, **options)[0]

        return function(call, *arrays)

    def run(*arrays: Any) -> Any:
        # The arrays inside the variables: JAX would bake in what a closure holds.
        trainable = [variable.value for variable in model.trainable_variables]
        other = [variable.value for variable in model.non_trainable_variables]
        return pure(trainable, other, *arrays)

    return run


def _graph(function: Callable[..., Any], *, fused: bool) -> Any:
    """A tf.function. Our Python branches on no tensor: reading it for such branches takes time."""
    import tensorflow as tf

    return tf.function(function, jit_compile=fused, autograph=False)


def _by_shape(graph: Any) -> Callable[..., Any]:
    """A tf.function of arrays whose traces are looked up here: its own way costs each call more."""
    import tensorflow as tf

    traces: dict[Any, Any] = {}

    def run(*arrays: Any) -> Any:
        tensors = [tf.constant(array) for array in arrays]
        shapes = tuple(tensor.shape for tensor in tensors)
        if shapes not in traces:
            traces[shapes] = graph.get_concrete_function(*tensors)
        return traces[shapes](*tensors)

    return run


def _with_constants(model: Any) -> Callable[..., Any]:
    """The forward pass with the weights that the model has now."""
    from keras import ops

    trainable = [np.asarray(variable) for variable in model.trainable_variables]
    other = [np.asarray(variable) for variable in model.non_trainable_variables]

    def call(*arguments: Any, **options: Any) -> Any:
        # Converted here, inside the trace: a tensor from outside would be one more argument.
        values = [[ops.convert_to_tensor(a) for a in arrays] for arrays in (trainable, other)]
        return model.stateless_call(*values, *arguments, **options)[0]

    return call


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of tensors, compiled into one loop where the backend must be told so.

    For a few elementwise lines over large tensors; JAX compiles them with the step around them.
    """
    if check() != "tensorflow":
        return function
    return _graph(function, fused=True)


def value_and_gradient(function: Callable[[Any], tuple[Any, Any]], point: Any) -> Any:
    """((value, extra), gradient) of a scalar function that returns (value, extra) at `point`."""
    if check() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(point)
            value, extra = function(point)
        return (value, extra), tape.gradient(value, point)
    import jax

    return jax.value_and_grad(function, has_aux=True)(point)


def to_numpy(tree: Any) -> Any:
    """The same nest of lists and dicts with NumPy arrays for tensors."""
    if isinstance(tree, dict):
        return {name: to_numpy(value) for name, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [to_numpy(value) for value in tree]
    return np.asarray(tree)


def hardware() -> str:
    """The processor, or the accelerator where Keras has one."""
    if check() == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform != "cpu":
            return device.device_kind
    else:
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(device).get("device_name", "a GPU")
    cores = os.cpu_count()
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        pass  # not Linux: the short name will do
    return f"{cores} cores of {model}"


def software() -> str:
    """Keras, its backend and Python, with their versions."""
    import keras

    return f"Keras {keras.__version__} on {check()}, Python {platform.python_version()}"
