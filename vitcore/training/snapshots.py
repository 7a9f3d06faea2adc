"""Models of a run on its way, kept for looking back: few, small, and closer at the beginning."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vitcore import checkpoints
from vitcore.config import ViTConfig

FOLDER = "snapshots"
MOST = 24  # snapshots of one run, in float16: 2 bytes for each number that the model learns


def snapshot_steps(steps: int, most: int = MOST) -> tuple[int, ...]:
    """Steps after which a run of `steps` steps keeps its model, the first weights among them.

    They lie at squares, (i / most)² of the run: most of what changes, changes early. The end is
    not among them, for that is the run's own model.
    """
    squares = {round(steps * (number / most) ** 2) for number in range(most)}
    return tuple(sorted(squares - {steps}))


def folder_at(run: Path, step: int) -> Path:
    """Where the model after `step` steps lies: a model folder like any other."""
    return run / FOLDER / f"{step:07d}"


def write(run: Path, step: int, config: ViTConfig, weights: Mapping[str, np.ndarray]) -> None:
    """Keep a model in half precision."""
    checkpoints.write(folder_at(run, step), config, weights, half=True)


def list_snapshots(run: Path) -> dict[int, Path]:
    """Model folders by the number of steps taken, in that order; what is not whole is left out."""
    found = {
        int(path.parent.name): path.parent
        for path in (run / FOLDER).glob(f"*/{checkpoints.WEIGHTS}")
        if path.parent.name.isdecimal() and (path.parent / checkpoints.CONFIG).is_file()
    }
    return dict(sorted(found.items()))


def copy_subset(run: Path, into: Path, count: int) -> list[int]:
    """Copy `count` of a run's snapshots to a model that is to be shipped.

    Those nearest to equal ratios from 1/64 of the last step: in equal numbers of steps the first
    would look untrained and the last as the end does. The first weights are left out: the config
    and the seed make them again.

    Returns:
        The steps copied.
    """
    shutil.rmtree(into / FOLDER, ignore_errors=True)
    steps = [step for step in list_snapshots(run) if step]
    left = steps.copy()
    for number in range(min(count, len(steps))):
        wanted = steps[-1] / 64 ** (1 - number / count)
        left.remove(min(left, key=lambda step: abs(math.log(step / wanted))))
    chosen = [step for step in steps if step not in left]
    for step in chosen:
        shutil.copytree(folder_at(run, step), folder_at(into, step))
    return chosen
