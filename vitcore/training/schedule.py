"""The learning rate of each step: one cosine or several, or a flat rate; no NumPy."""

from __future__ import annotations

import math

from vitcore.config import TrainConfig


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
