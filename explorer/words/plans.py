"""What the Train page says about a run that has not begun: what it will do, and how long."""

from collections.abc import Sequence

from explorer.runs.run_queue import Queued
from explorer.runs.run_speeds import Forecast, OnTheWay
from explorer.words.amounts import duration, in_epochs, short
from explorer.words.findings import percent
from vitcore.config import TrainConfig
from vitcore.training.runs import Run

RECIPE_LINES = {
    "standard": "Warm-up, cosine, AdamW, flips and shifted crops.",
    "article": "The notebook's pipeline to the letter: Adam, a drop on plateau, its augmentation.",
}
MODELS_IN_WORDS = (
    "**tiny**: 4 blocks, 0.2 million numbers; learns something in a minute.  \n"
    "**article**: 6 blocks, 0.5 million numbers; the network of the notebook of *Understand and "
    "Implement Vision Transformer with TensorFlow 2.0*.  \n"
    "**flexi**: 6 blocks, 2.7 million numbers; its patches begin as squares of 8 × 8.  \n"
    "**plain**: 6 blocks, 2.7 million numbers; a class token answers, as in the ViT paper."
)
_LONG = 12 * 3600.0  # seconds; a run of more is hardly meant


def chosen(config: TrainConfig) -> str:
    """What will be trained, in one line of small print."""
    model = config.model_config()
    kind = "drawings" if config.data == "sketch10" else "photographs"
    data = f"{config.pictures_per_epoch:,} {kind} an epoch"
    return (
        f"{config.preset}: {model.depth} blocks of {model.heads} heads · {data} · "
        f"{config.recipe} recipe, learning rate {short(config.learning_rate)}"
    )


def expected(forecast: Forecast) -> str:
    """How long a run takes here and what it reaches, and how that is known."""
    about = f"About {duration(forecast.seconds)}"
    if not forecast.measured_in:
        return (
            f"{about}, which is a guess, and what it reaches is not known: "
            "no run of this model has trained long enough on this machine yet."
        )
    basis = (
        f"{about} here: {duration(forecast.starting)} to start, then as fast as "
        f"{forecast.measured_in} was over {forecast.steps:,} steps."
    )
    if forecast.seconds > _LONG:
        return f"{basis} That is very long: fewer epochs, or a smaller model, teach as much."
    if not forecast.reached:
        return f"{basis} {_on_the_way(forecast.on_the_way)}"
    low, high = percent(min(forecast.reached)), percent(max(forecast.reached))
    found = low if low == high else f"{low} to {high}"
    many = len(forecast.reached)
    who = "The run like this that finished here" if many == 1 else f"{many} runs like this here"
    return f"{basis} {who} got {found} of the pictures held back right (guessing: 10%)."


def _on_the_way(told: OnTheWay | None) -> str:
    if told is None:
        return "No run like this has got so far on this machine yet."
    reached = (
        f"{told.run} had {percent(told.accuracy)} of the pictures held back right "
        f"after {in_epochs(told.epochs)} (guessing: 10%)"
    )
    return f"{reached}; this run is longer." if told.shorter else f"{reached}."


def twin(config: TrainConfig, runs: Sequence[Run], waiting: Sequence[Queued]) -> str:
    """That the same run, with the same seed, was started before, or ""."""
    if any(one.config == config and not one.resumes for one in waiting):
        return "The same run, with the same seed, waits already."
    for run in runs:
        if run.config == config and run.state != "damaged":
            does = "is training the same" if run.state == "running" else "was the same"
            return f"{run.name} {does}, with the same seed: the curves will coincide."
    return ""


def queued(one: Queued, place: int) -> str:
    """A run that waits, and its place."""
    config = one.config
    what = f"{config.preset} on {config.data}, {in_epochs(config.epochs)}, seed {config.seed}"
    if one.resumes:
        what = f"{one.resumes} goes on"
    if one.problem:
        return f"{what}: {one.problem}"
    return f"Waiting, place {place} of the queue: {what}"
