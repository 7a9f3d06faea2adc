"""Lets `keras.models.load_model` find our classes after `import vitcore` alone.

Keras knows a class once its module was imported; ours import Keras, which `import vitcore` must
not. So they are imported as soon as somebody else has imported Keras.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def register_with_keras() -> None:
    """Import our layers now where Keras is there already, else right after it."""
    if "keras" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register() -> None:
    # A backend that we do not support is said by `load` and `build`. ImportError: one of these very
    # modules was what imported Keras, and is not whole yet.
    with suppress(ImportError, ValueError):
        import_module("vitcore.model")


class _AfterKeras(MetaPathFinder):
    """Finds Keras once, as Python would, and registers our classes when it is imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _register()

    def __getattr__(self, name: str) -> Any:  # resources and source, as of any package
        return getattr(self._loader, name)
