"""The patch sizes that a model was trained for, from its card or from its run."""

from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.training import runs


def only_trained_at(model: str, config: ViTConfig) -> int | None:
    """The one patch size that a model was trained for; None where more, or unknown.

    Args:
        model: one of `services.model_names()`.
        config: of that model; where no sizes are drawn, it is trained at its own patch size.
    """
    sizes = _drawn(model)
    if sizes is None or len(set(sizes)) > 1:
        return None
    return sizes[0] if sizes else config.patch_size


def _drawn(model: str) -> tuple[int, ...] | None:
    """The sizes its training drew from, () for the model's own alone, None where nobody says."""
    try:
        train = (checkpoints.card(model) or {}).get("train")
        if train is not None:
            return tuple(train["patch_sizes"])
        run = runs.read_run(checkpoints.folder_of(model))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return run.config.patch_sizes if run.config else None
