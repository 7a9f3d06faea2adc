"""What computes, in words: for a run to record and a card to show."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import keras

from vitcore import backend


def hardware() -> str:
    """The processor, or the accelerator where Keras has one."""
    if backend.check() == "jax":
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
    return f"Keras {keras.__version__} on {backend.check()}, Python {platform.python_version()}"
