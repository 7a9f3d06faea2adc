"""How a run ends: its status and one sentence, or that it diverged and the rate to try next."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from vitcore.config import RECIPES, TrainConfig

if TYPE_CHECKING:
    from vitcore.training.train_state import TrainState

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


def after_steps(progress: TrainState) -> str:
    return f"after {progress.step:,} {'step' if progress.step == 1 else 'steps'}"


def exit_status(
    state: str, progress: TrainState, config: TrainConfig, *, steps: int, lost: bool
) -> tuple[str, str]:
    """How a run ended that nothing went wrong in, and one sentence on it.

    Args:
        state: "finished" or "stopped", as its loop left it.
        progress: how far it came.
        config: the run's.
        steps: all that it would take.
        lost: whether the system ended it, or who started it is gone.

    Returns:
        "finished", "stopped" or "interrupted", and the sentence.
    """
    taken = after_steps(progress)
    if state == "stopped" and lost:
        saved = f"Checkpoint saved at step {progress.step:,}"
        return "interrupted", f"Terminated. {saved}; the run can be resumed."
    if state == "finished" and config.early_stopping and progress.lowest_at:
        best = f"epoch {progress.lowest_at:g} (lowest validation loss)"
        if progress.step < steps:
            return state, (
                f"Early stopping {taken}: no improvement for {progress.stale} epochs. "
                f"Restored the weights of {best}."
            )
        return state, f"Finished {taken}. Restored the weights of {best}."
    return state, f"{state.capitalize()} {taken}."
