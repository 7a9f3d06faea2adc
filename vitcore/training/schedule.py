"""When what happens in a run: learning rate, validations, plateaus, early stopping; no NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vitcore.config import TrainConfig

if TYPE_CHECKING:
    from vitcore.training.train_state import TrainState


PLATEAU_LOWEST = 1e-5  # no drop goes below it, as in the article's ReduceLROnPlateau
_LEAST_GAIN = 1e-4  # Keras' default
_MEASURED = 100  # epochs, or a few more, after which a long run is measured


def learning_rate(config: TrainConfig, step: int, steps: int, *, factor: float = 1.0) -> float:
    """The rate of one step: linear warm-up from zero, then cosine to zero or flat.

    Of several cycles each has its own warm-up and its own cosine.

    Args:
        config: the run's.
        step: from 0.
        steps: of the whole run.
        factor: what drops on a plateau have left of it.

    Source: Loshchilov & Hutter 2017, equation 5, https://arxiv.org/abs/1608.03983
    """
    begin, end = _cycle(config, step, steps)
    step, steps = step - begin, end - begin
    rising = round(config.warmup_ratio * steps)
    if step < rising:
        return config.learning_rate * (step + 1) / rising
    if config.schedule == "plateau":
        return config.learning_rate * factor
    done = (step - rising) / max(1, steps - rising)
    return config.learning_rate * (1 + math.cos(math.pi * done)) / 2


def ends_cycle(config: TrainConfig, done: int, steps: int) -> bool:
    """Whether, of a run with several cycles, one ends when `done` steps of all are taken."""
    return config.cycles > 1 and done > 0 and _cycle(config, done - 1, steps)[1] == done


def _cycle(config: TrainConfig, step: int, steps: int) -> tuple[int, int]:
    """The steps of the cycle that a step is in, as those of a range."""
    number = ((step + 1) * config.cycles - 1) // steps
    return steps * number // config.cycles, steps * (number + 1) // config.cycles


def validates_after(step: int, steps: int, *, steps_per_epoch: int, config: TrainConfig) -> bool:
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


def watch_plateau(progress: TrainState, loss: float, config: TrainConfig) -> None:
    """Keras' ReduceLROnPlateau, told the loss of one epoch."""
    if loss < progress.best_loss - _LEAST_GAIN:
        progress.best_loss, progress.waited = loss, 0
        return
    progress.waited += 1
    if progress.waited >= config.plateau_patience:
        lowest = min(1.0, PLATEAU_LOWEST / config.learning_rate)
        progress.rate_factor = max(lowest, progress.rate_factor * config.plateau_factor)
        progress.waited = 0


def is_lowest(progress: TrainState, loss: float, *, epoch: float) -> bool:
    """Keras' EarlyStopping, told the loss of one epoch: whether none was lower."""
    progress.stale += 1
    if loss < progress.lowest_loss:
        progress.lowest_loss, progress.lowest_at, progress.stale = loss, epoch, 0
        return True
    return False


def is_stale(progress: TrainState, config: TrainConfig) -> bool:
    """Whether the loss has not fallen for as many epochs as end the run."""
    return 0 < config.early_stopping <= progress.stale
