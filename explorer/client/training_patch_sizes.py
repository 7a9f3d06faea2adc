"""The patch sizes that a model was trained for, from its card or from its run."""

from explorer.client import models
from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.training import runs


def trained_at(model: str, config: ViTConfig) -> tuple[int, ...]:
    """The patch sizes that a model was trained for, ascending; () where nobody says.

    Args:
        model: one of `client.model_names()`.
        config: of that model; where no sizes are drawn, it is trained at its own patch size.
    """
    sizes = _drawn(model)
    return () if sizes is None else sizes or (config.patch_size,)


def _drawn(model: str) -> tuple[int, ...] | None:
    """The sizes its training drew from, () for the model's own alone, None where nobody says."""
    try:
        train = (models.card(model) or {}).get("train")
        if train is not None:
            return tuple(sorted({int(size) for size in train["patch_sizes"]}))
        run = runs.read_run(checkpoints.folder_of(model))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return tuple(sorted(set(run.config.patch_sizes))) if run.config else None
