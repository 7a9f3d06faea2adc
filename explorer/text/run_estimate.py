"""What the Train page says about a run that has not begun: what it will do, and how long."""

from collections.abc import Sequence

from explorer.runs.estimates import RunEstimate
from explorer.runs.queue import Queued
from explorer.text.findings import counted
from explorer.text.formatting import duration, in_epochs, short
from explorer.text.names import DATASET_NAMES
from vitcore.config import TrainConfig
from vitcore.initialisation import parameter_count
from vitcore.training.runs import Run

RECIPE_LINES = {
    "standard": "AdamW, warm-up, cosine decay, random crop and flip.",
    "article": "As in the article: Adam, reduce LR on plateau.",
}
MODELS_IN_WORDS = (
    "**tiny**: 4 blocks, 0.2 M parameters; for quick runs.  \n"
    "**article**: 6 blocks, 0.5 M parameters; from "
    "[Understand and implement Vision Transformer with TensorFlow 2.0](https://towardsdatascience."
    "com/understand-and-implement-vision-transformer-with-tensorflow-2-0-f5435769093).  \n"
    "**flexi**: 6 blocks, 2.7 M parameters; FlexiViT with 8 × 8 base patches.  \n"
    "**plain**: 6 blocks, 2.7 M parameters; class token, as in the ViT paper."
)
FEW = 100  # steps; a run of fewer hardly leaves its initialization
_LONG = 12 * 3600.0  # seconds; a run of more is hardly meant


def architecture(config: TrainConfig) -> str:
    """What will be trained, in one line: blocks, heads, widths, number of parameters."""
    model = config.model_config()
    blocks = f"{model.depth} block{'' if model.depth == 1 else 's'}"
    heads = f"{model.num_heads} head{'' if model.num_heads == 1 else 's'}"
    return (
        f"{blocks} × {heads} (dₖ = {model.d}) · D = {model.width} · "
        f"MLP ratio {model.mlp_dim / model.width:.3g} · "
        f"{parameter_count(model):,} parameters"
    )


def chosen(config: TrainConfig) -> str:
    """How it will be trained, in one line."""
    return (
        f"{config.images_per_epoch:,} images per epoch · "
        f"{config.recipe} recipe · LR {short(config.learning_rate)}"
    )


def expected(estimate: RunEstimate) -> str:
    """How long a run takes here, and whether it has too few steps."""
    said = f"Estimated time: {duration(estimate.seconds)}"
    if not estimate.measured_in:
        said = f"{said} (rough; no earlier run)"
    if 0 < estimate.steps < FEW:
        return f"{said}. {counted(estimate.steps, 'step')}: too few to learn much."
    if estimate.measured_in and estimate.seconds > _LONG:
        return f"{said}. Long run: consider fewer epochs or a smaller model."
    return f"{said}."


def twin(config: TrainConfig, runs: Sequence[Run], waiting: Sequence[Queued]) -> str:
    """That the same run, with the same seed, was started before, or ""."""
    if any(one.config == config and not one.resumes for one in waiting):
        return "An identical run is queued."
    for run in runs:
        if run.config == config and run.state != "damaged":
            return f"Identical to {run.name} (same seed)."
    return ""


def queued(one: Queued, place: int) -> str:
    """A run that waits, and its place."""
    config = one.config
    what = ", ".join(
        (
            config.preset,
            DATASET_NAMES[config.data],
            in_epochs(config.epochs),
            f"seed {config.seed}",
        )
    )
    if one.problem:
        return f"Not started: {one.resumes or what}. {one.problem}"
    if one.resumes:
        return f"{queued_to_resume(place)}: {one.resumes}"
    return f"Queued ({place}): {what}"


def queued_to_resume(place: int) -> str:
    return f"Queued to resume ({place})"
