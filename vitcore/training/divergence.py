"""Runs that diverge: the error that ends one, and the learning rate to try next."""

from math import isnan

from vitcore.config import RECIPES, TrainConfig

CAUSE = "diverged"  # as the end of such a run names it


class DivergedError(ArithmeticError):
    """The loss or a weight is NaN or infinite.

    Args:
        message: what happened, and at which learning rate.
        step: the last step before.
        config: of the run.
    """

    def __init__(self, message: str, *, step: int, config: TrainConfig) -> None:
        self.step, self.usable_rate = step, usable_rate(config)
        super().__init__(f"{message}. Try learning_rate={self.usable_rate:g}.")


def named(value: float) -> str:
    """What a loss that is not finite is."""
    return "NaN" if isnan(value) else "infinite"


def usual_rate(config: TrainConfig) -> float:
    """The learning rate that the run's recipe is made for."""
    return RECIPES.get(config.recipe, RECIPES["standard"]).learning_rate


def usable_rate(config: TrainConfig) -> float:
    """The rate to try next: its recipe's, or a tenth where that did not do either."""
    usual = usual_rate(config)
    return usual if config.learning_rate > usual else float(f"{config.learning_rate / 10:.2g}")
