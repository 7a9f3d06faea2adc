"""How a run ended, in one sentence."""

from __future__ import annotations

from vitcore.config import TrainConfig
from vitcore.training.saving import Progress


def so_far(progress: Progress) -> str:
    return f"after {progress.step:,} {'step' if progress.step == 1 else 'steps'}"


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
        saved = f"Checkpoint saved at step {progress.step:,}"
        return "interrupted", f"App stopped. {saved}; the run can be resumed."
    if state == "finished" and config.early_stopping and progress.lowest_at:
        best = f"epoch {progress.lowest_at:g} (lowest validation loss)"
        if progress.step < steps:
            return state, (
                f"Early stopping {taken}: no improvement for {progress.stale} epochs. "
                f"Restored the weights of {best}."
            )
        return state, f"Finished {taken}. Restored the weights of {best}."
    return state, f"{state.capitalize()} {taken}."
