"""Runs whose numbers overflowed: recognised by how they ended, and the rate to try instead."""

from vitcore.config import RECIPES, TrainConfig
from vitcore.training.runs import Run

_WORDS = ("loss became", "no longer numbers")  # of the sentence with which such a run ends


def diverged(run: Run) -> bool:
    """Whether the run failed because its loss or a weight was no longer a number."""
    return run.state == "failed" and any(words in run.problem for words in _WORDS)


def usual_rate(config: TrainConfig) -> float:
    """The learning rate that the run's recipe is made for."""
    recipe = RECIPES.get(config.recipe, RECIPES["standard"])
    return recipe.learning_rate


def usable_rate(config: TrainConfig) -> float:
    """The rate to try next: its recipe's, or a tenth where that did not do either."""
    usual = usual_rate(config)
    return usual if config.learning_rate > usual else float(f"{config.learning_rate / 10:.2g}")
