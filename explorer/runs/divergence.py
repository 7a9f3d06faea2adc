"""Runs that diverged, by what they recorded, and the learning rate to try instead."""

from vitcore.training import divergence
from vitcore.training.runs import Run


def diverged(run: Run) -> bool:
    """Whether the run failed because its loss or a weight was NaN or infinite."""
    return run.state == "failed" and run.cause == divergence.CAUSE


def usable_rate(run: Run) -> float:
    """The learning rate to try next."""
    return run.usable_rate or divergence.usable_rate(run.config)
