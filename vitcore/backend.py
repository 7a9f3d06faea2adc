"""The few things that Keras leaves to each backend: compiling, gradients, moving arrays."""

from __future__ import annotations

import os
from collections.abc import Callable
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


def check_environment() -> None:
    """The same from the environment alone, before the slow import of Keras.

    Raises:
        ValueError: if KERAS_BACKEND names a backend that we do not support.
    """
    name = os.environ.get("KERAS_BACKEND", "")
    if name and name not in SUPPORTED:
        raise ValueError(f"KERAS_BACKEND must be {' or '.join(SUPPORTED)}, got {name!r}")


def compiled(function: Callable[..., Any], *, fused: bool = True) -> Callable[..., Any]:
    """Compile a function of arrays; it is traced anew for each new shape.

    Args:
        function: takes tensors only; what it closes over, Keras variables too, may not change
            on JAX, where their values are baked in.
        fused: let XLA fuse it on TensorFlow, which pays where one call is made many times.
    """
    if check() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(function, jit_compile=fused, reduce_retracing=False)
        return lambda *arrays: graph(*(tf.constant(array) for array in arrays))
    import jax

    return jax.jit(function)


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
