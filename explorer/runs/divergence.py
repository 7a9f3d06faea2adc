"""Runs whose numbers overflowed: recognised by how they ended, and the rate to try instead."""

from vitcore.training import divergence
from vitcore.training.runs import Run

_WORDS = ("loss became", "no longer numbers")  # of such a run before runs told a cause


def diverged(run: Run) -> bool:
    """Whether the run failed because its loss or a weight was no longer a number."""
    if run.state != "failed":
        return False
    if run.cause:
        return run.cause == divergence.CAUSE
    return any(words in run.problem for words in _WORDS)


def usable_rate(run: Run) -> float:
    """The learning rate to try next."""
    return run.usable_rate or divergence.usable_rate(run.config)
