"""Small models that were trained alike and come with the app, to be compared by accuracy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "vitcore" / "bench" / "comparison.json"


@dataclass(frozen=True, slots=True)
class SmallModel:
    """One kind of model, trained once for each seed.

    Attributes:
        name: of `vitcore.bench.comparison.RUNS`.
        images: it was trained on, of 50,000.
        parameters: how many.
        test_accuracy: of each seed, 0 to 1, on all 10,000 test images.
        train_accuracy: of each seed, 0 to 1, on up to 2,000 images of its training.
    """

    name: str
    images: int
    parameters: int
    test_accuracy: tuple[float, ...]
    train_accuracy: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Test accuracy, the mean over seeds."""
        return sum(self.test_accuracy) / len(self.test_accuracy)


@cache
def small_models() -> dict[str, SmallModel]:
    """All that were trained, by name."""
    runs = json.loads(_FILE.read_text(encoding="utf-8"))["runs"]
    found = {}
    for name in dict.fromkeys(run["name"] for run in runs):
        same = [run for run in runs if run["name"] == name]
        found[name] = SmallModel(
            name=name,
            images=same[0]["images"],
            parameters=same[0]["parameters"],
            test_accuracy=tuple(run["test_accuracy"] for run in same),
            train_accuracy=tuple(run["train_accuracy"] for run in same),
        )
    return found


@cache
def conditions() -> dict[str, object]:
    """How all of them were trained: steps, batch size, model, machine."""
    known = json.loads(_FILE.read_text(encoding="utf-8"))
    return {name: known[name] for name in ("steps", "batch_size", "model", "machine")}
