"""The weights that a run starts from, where it is not to draw them."""

from __future__ import annotations

import numpy as np

from vitcore import checkpoints
from vitcore.config import TrainConfig


def starting_weights(config: TrainConfig) -> dict[str, np.ndarray]:
    """Those of the model that a run starts from.

    Raises:
        ValueError: if it is not built like the one that is trained.
        CheckpointError: if there is no such model, or its files are damaged.
    """
    theirs, weights = checkpoints.read(config.start)
    was, now = theirs.to_dict(), config.model_config().to_dict()
    odd = [f"{name} ({was[name]} and {now[name]})" for name in was if was[name] != now[name]]
    if odd:
        raise ValueError(
            f"start must name a model like the one that is trained, but {config.start} and that "
            f"differ: {', '.join(odd)}"
        )
    return {name: values.astype(np.float32) for name, values in weights.items()}
