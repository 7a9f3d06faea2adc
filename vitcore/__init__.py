"""See inside a Vision Transformer: a model, everything it computes on the way, and what to ask it.

Each name below is imported when it is first used: `import vitcore` loads no TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Intervention": "vitcore.intervention",
    "PRESETS": "vitcore.config",
    "Trace": "vitcore.tracing",
    "TrainConfig": "vitcore.config",
    "ViTConfig": "vitcore.config",
    "attention_distance": "vitcore.introspection.distance",
    "build": "vitcore.model",
    "cifar10": "vitcore.datasets.cifar10",
    "cut": "vitcore.patches",
    "load": "vitcore.model",
    "position_similarity": "vitcore.likeness",
    "predict": "vitcore.tracing",
    "relevance": "vitcore.class_relevance",
    "rollout": "vitcore.introspection.rollout",
    "sketch10": "vitcore.datasets.sketch10",
    "trace": "vitcore.tracing",
}
_ON_KERAS = ("vitcore.class_relevance", "vitcore.likeness", "vitcore.model", "vitcore.tracing")
_MODULES = ("patches", "introspection", "datasets", "checkpoints", "config")

__all__ = [
    "Intervention",
    "PRESETS",
    "Trace",
    "TrainConfig",
    "ViTConfig",
    "attention_distance",
    "build",
    "checkpoints",
    "cifar10",
    "config",
    "cut",
    "datasets",
    "introspection",
    "load",
    "patches",
    "position_similarity",
    "predict",
    "relevance",
    "rollout",
    "sketch10",
    "trace",
]

if TYPE_CHECKING:
    from vitcore import checkpoints, config, datasets, introspection, patches
    from vitcore.class_relevance import relevance
    from vitcore.config import PRESETS, TrainConfig, ViTConfig
    from vitcore.datasets.cifar10 import cifar10
    from vitcore.datasets.sketch10 import sketch10
    from vitcore.intervention import Intervention
    from vitcore.introspection.distance import attention_distance
    from vitcore.introspection.rollout import rollout
    from vitcore.likeness import position_similarity
    from vitcore.model import build, load
    from vitcore.patches import cut
    from vitcore.tracing import Trace, predict, trace


def __getattr__(name: str) -> Any:
    if name in _HOME:
        if _HOME[name] in _ON_KERAS:
            import_module("vitcore.backend")  # first, to name a backend that we do not support
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"vitcore.{name}")
    raise AttributeError(f"module 'vitcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
