"""One side of a comparison: a process of its own that works only in its turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TRANSFORMERS_VERBOSITY": "error"}


@dataclass(frozen=True)
class Kind:
    """Where a side's calls are made, and what they need."""

    module: str  # its ENTRANTS hold functions by name that make a call to be timed
    packages: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def missing(self) -> str | None:
        """The first package that is not installed."""
        return next((name for name in self.packages if find_spec(name) is None), None)


SIDES = {
    "ours": Kind("vitcore.bench.vitcore_model", ()),
    "published": Kind(
        "vitcore.bench.article_model", ("tensorflow",), (("KERAS_BACKEND", "tensorflow"),)
    ),
    "jax": Kind("vitcore.bench.vitcore_model", ("jax",), (("KERAS_BACKEND", "jax"),)),
    "torch": Kind("vitcore.bench.pytorch", ("torch", "transformers")),
}


class Side:
    """Ask for times; between two questions the process waits and takes no core."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__, name],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **_QUIET, **dict(SIDES[name].environment)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Both are pipes, as asked for.
        self._asks: Any = self._process.stdin
        self._answers: Any = self._process.stdout

    def times(self, what: str, count: int) -> list[float]:
        """Milliseconds of each of so many calls, one after the other.

        Raises:
            RuntimeError: if the process ended; why, it said on standard error.
        """
        self._asks.write(json.dumps([what, count]) + "\n")
        self._asks.flush()
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError(f"the process that measures {self.name} ended at {what}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._asks.close()
        self._process.terminate()
        self._process.wait()
        self._answers.close()


def answer(entrants: dict[str, Callable[[], Callable[[], Any]]], questions: Any) -> Any:
    """For each line [name, count] the times as a line; a call is made at its first question."""
    calls: dict[str, Callable[[], Any]] = {}
    for line in questions:
        what, count = json.loads(line)
        if what not in calls:
            calls[what] = entrants[what]()
            calls[what]()  # compiles
        taken = []
        for _ in range(count):
            started = time.perf_counter()
            calls[what]()
            taken.append(1000 * (time.perf_counter() - started))
        yield json.dumps(taken)
