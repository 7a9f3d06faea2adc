"""What a run concludes from a validation loss that no longer falls: a lower rate, an early end."""

from __future__ import annotations

from vitcore.config import TrainConfig
from vitcore.training.saving import Progress

PLATEAU_LOWEST = 1e-5  # no drop goes below it, as in the article's ReduceLROnPlateau
_LEAST_GAIN = 1e-4  # Keras' default


def watch_plateau(progress: Progress, loss: float, config: TrainConfig) -> None:
    """Keras' ReduceLROnPlateau, told the loss of one epoch."""
    if loss < progress.best_loss - _LEAST_GAIN:
        progress.best_loss, progress.waited = loss, 0
        return
    progress.waited += 1
    if progress.waited >= config.plateau_patience:
        lowest = min(1.0, PLATEAU_LOWEST / config.learning_rate)
        progress.rate_factor = max(lowest, progress.rate_factor * config.plateau_factor)
        progress.waited = 0


def is_lowest(progress: Progress, loss: float, *, epoch: float) -> bool:
    """Keras' EarlyStopping, told the loss of one epoch: whether none was lower."""
    progress.stale += 1
    if loss < progress.lowest_loss:
        progress.lowest_loss, progress.lowest_at, progress.stale = loss, epoch, 0
        return True
    return False


def is_stale(progress: Progress, config: TrainConfig) -> bool:
    """Whether the loss has not fallen for as many epochs as end the run."""
    return 0 < config.early_stopping <= progress.stale
