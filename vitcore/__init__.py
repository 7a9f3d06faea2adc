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
    "attention_entropy": "vitcore.introspection.attention_numbers",
    "build": "vitcore.model",
    "cifar10": "vitcore.datasets.cifar10",
    "cut": "vitcore.patches",
    "early_answers": "vitcore.introspection.early_answers",
    "faithfulness": "vitcore.erasing",
    "head_importance": "vitcore.heads_off",
    "load": "vitcore.model",
    "long_patches": "vitcore.introspection.token_norms",
    "object_attention": "vitcore.introspection.attention_numbers",
    "occlusion": "vitcore.erasing",
    "pooled_attention": "vitcore.introspection.attention_numbers",
    "position_similarity": "vitcore.likeness",
    "predict": "vitcore.tracing",
    "prefix_mass": "vitcore.introspection.attention_numbers",
    "query_dependence": "vitcore.introspection.attention_numbers",
    "relevance": "vitcore.class_relevance",
    "rollout": "vitcore.introspection.rollout",
    "sketch10": "vitcore.datasets.sketch10",
    "token_norms": "vitcore.introspection.token_norms",
    "trace": "vitcore.tracing",
}
_ON_KERAS = (
    "vitcore.class_relevance",
    "vitcore.erasing",
    "vitcore.heads_off",
    "vitcore.likeness",
    "vitcore.model",
    "vitcore.tracing",
)
_MODULES = ("patches", "introspection", "datasets", "checkpoints", "config")

__all__ = [
    "Intervention",
    "PRESETS",
    "Trace",
    "TrainConfig",
    "ViTConfig",
    "attention_distance",
    "attention_entropy",
    "build",
    "checkpoints",
    "cifar10",
    "config",
    "cut",
    "datasets",
    "early_answers",
    "faithfulness",
    "head_importance",
    "introspection",
    "load",
    "long_patches",
    "object_attention",
    "occlusion",
    "patches",
    "pooled_attention",
    "position_similarity",
    "predict",
    "prefix_mass",
    "query_dependence",
    "relevance",
    "rollout",
    "sketch10",
    "token_norms",
    "trace",
]

if TYPE_CHECKING:
    from vitcore import checkpoints, config, datasets, introspection, patches
    from vitcore.class_relevance import relevance
    from vitcore.config import PRESETS, TrainConfig, ViTConfig
    from vitcore.datasets.cifar10 import cifar10
    from vitcore.datasets.sketch10 import sketch10
    from vitcore.erasing import faithfulness, occlusion
    from vitcore.heads_off import head_importance
    from vitcore.intervention import Intervention
    from vitcore.introspection.attention_numbers import (
        attention_entropy,
        object_attention,
        pooled_attention,
        prefix_mass,
        query_dependence,
    )
    from vitcore.introspection.distance import attention_distance
    from vitcore.introspection.early_answers import early_answers
    from vitcore.introspection.rollout import rollout
    from vitcore.introspection.token_norms import long_patches, token_norms
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
