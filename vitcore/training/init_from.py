"""What a run starts from, where it does not draw its first weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.training.run_files import STATE
from vitcore.training.train_state import ends_of, saved_progress


def load_initial_weights(config: TrainConfig) -> dict[str, np.ndarray]:
    """Those of the model that a run starts from.

    Raises:
        ValueError: if it is not built like the one that is trained.
        CheckpointError: if there is no such model, or its files are damaged.
    """
    theirs, weights = checkpoints.read(config.init_from)
    was, now = theirs.to_dict(), config.model_config().to_dict()
    odd = [f"{name} ({was[name]} and {now[name]})" for name in was if was[name] != now[name]]
    if odd:
        raise ValueError(
            f"init_from: architecture mismatch with {config.init_from}: {', '.join(odd)}"
        )
    return {name: values.astype(np.float32) for name, values in weights.items()}


def ends_before(config: TrainConfig) -> int:
    """Of how many ends of cycles the model that a run starts from is the mean; itself is one.

    Raises:
        CheckpointError: if its run's state file is damaged.
    """
    folder = checkpoints.folder_of(config.init_from)
    return ends_of(folder) if (folder / STATE).is_file() else 1


def training_stages(run: Path) -> list[Path]:
    """The runs that a run's model went through, from the one that drew its weights to itself.

    Raises:
        CheckpointError: if the state file of one of them is damaged.
    """
    found = [run]
    while start := saved_progress(found[0])[0].init_from:
        try:
            before = checkpoints.folder_of(start)
        except checkpoints.CheckpointError:  # it is gone
            break
        if not (before / STATE).is_file():  # no run, but a model alone
            break
        found.insert(0, before)
    return found
