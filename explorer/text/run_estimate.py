"""What the Train page says about a run that has not begun: what it will do, and how long."""

from collections.abc import Sequence

from explorer.runs.estimates import RunEstimate
from explorer.runs.queue import Queued
from explorer.text.findings import counted
from explorer.text.formatting import duration, in_epochs, short
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from vitcore.config import TrainConfig
from vitcore.initialisation import parameter_count
from vitcore.training.runs import Run

RECIPE_LINES = {
    N_("standard"): N_("AdamW, warm-up, cosine decay, random crop and flip."),
    N_("article"): N_("As in the article: Adam, reduce LR on plateau."),
}
MODELS_IN_WORDS = N_(
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
    return tr(
        "{blocks} × {heads} (dₖ = {head_dim}) · D = {width} · MLP ratio {ratio} · "
        "{count} parameters",
        blocks=counted(model.depth, "block"),
        heads=counted(model.num_heads, "head"),
        head_dim=model.d,
        width=model.width,
        ratio=f"{model.mlp_dim / model.width:.3g}",
        count=f"{parameter_count(model):,}",
    )


def chosen(config: TrainConfig) -> str:
    """How it will be trained, in one line."""
    return tr(
        "{count} images per epoch · {recipe} recipe · LR {rate}",
        count=f"{config.images_per_epoch:,}",
        recipe=tr(config.recipe),
        rate=short(config.learning_rate),
    )


def expected(estimate: RunEstimate) -> str:
    """How long a run takes here, and whether it has too few steps."""
    time = duration(estimate.seconds)
    if estimate.measured_in:
        run = estimate.measured_in
        said = tr("Estimated time: {time} (at the speed of {run}).", time=time, run=run)
    else:
        said = tr("Estimated time: {time} (rough; no earlier run).", time=time)
    if 0 < estimate.steps < FEW:
        steps = counted(estimate.steps, "step")
        return said + tr(" {steps}: too few to learn much.", steps=steps)
    if estimate.measured_in and estimate.seconds > _LONG:
        return said + tr(" Long run: consider fewer epochs or a smaller model.")
    return said


def twin(config: TrainConfig, runs: Sequence[Run], waiting: Sequence[Queued]) -> str:
    """That the same run, with the same seed, was started before, or ""."""
    if any(one.config == config and not one.resumes for one in waiting):
        return tr("An identical run is queued.")
    for run in runs:
        if run.config == config and run.state != "damaged":
            return tr("Identical to {run} (same seed).", run=run.name)
    return ""


def queued(one: Queued, place: int) -> str:
    """A run that waits, and its place."""
    config = one.config
    what = tr(", ").join(
        (
            config.preset,
            DATASET_NAMES[config.data],
            in_epochs(config.epochs),
            tr("seed {seed}", seed=config.seed),
        )
    )
    if one.problem:
        return tr("Not started: {run}. {why}", run=one.resumes or what, why=tr(one.problem))
    if one.resumes:
        return tr("Queued to resume ({place}): {run}", place=place, run=one.resumes)
    return tr("Queued ({place}): {run}", place=place, run=what)


def queued_to_resume(place: int) -> str:
    return tr("Queued to resume ({place})", place=place)
