"""How a run ended, in one sentence."""

from __future__ import annotations

from vitcore.config import TrainConfig
from vitcore.training.saving import Progress


def so_far(progress: Progress) -> str:
    return f"after {progress.step:,} steps"


def ending(
    state: str, progress: Progress, config: TrainConfig, *, steps: int, lost: bool
) -> tuple[str, str]:
    """How a run ended that nothing went wrong in, and one sentence on it.

    Args:
        state: "finished" or "stopped", as its loop left it.
        progress: how far it came.
        config: the run's.
        steps: all that it would take.
        lost: whether who started it is gone.

    Returns:
        "finished", "stopped" or "interrupted", and the sentence.
    """
    taken = so_far(progress)
    if state == "stopped" and lost:
        why = f"The server that started it ended, so it was saved {taken} and can go on."
        return "interrupted", why
    if state == "finished" and config.early_stopping and progress.lowest_at:
        kept = f"its weights are those of epoch {progress.lowest_at:g}, which had the lowest"
        if progress.step < steps:
            return state, (
                f"Stopped early {taken}: for {progress.stale} epochs the loss on the pictures "
                f"held back fell no lower; {kept}."
            )
        return state, f"Finished {taken}; {kept} loss on the pictures held back."
    return state, f"{state.capitalize()} {taken}."
