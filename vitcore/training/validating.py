"""When a run is measured on the pictures held back: often enough to see, seldom enough to train."""

from __future__ import annotations

import math

from vitcore.config import TrainConfig
from vitcore.training.schedule import ends_cycle

_MEASURED = 100  # epochs, or a few more, after which a long run is measured


def is_due(step: int, steps: int, *, steps_per_epoch: int, config: TrainConfig) -> bool:
    """Whether a run of `steps` steps is measured after `step` of them.

    It is after the last one, after each tenth of all, where a cycle ends, and after each epoch; in
    a long run only after some epochs, unless something is concluded from each.
    """
    if (
        step == steps
        or ends_cycle(config, step, steps)
        or step % max(1, math.ceil(steps / 10)) == 0
    ):
        return True
    epoch, rest = divmod(step, steps_per_epoch)
    goes_by_each = config.schedule == "plateau" or config.early_stopping
    every = 1 if goes_by_each else max(1, round(steps / steps_per_epoch / _MEASURED))
    return rest == 0 and epoch % every == 0
