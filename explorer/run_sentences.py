"""What the pages say about training runs: sentences written from how far they are."""

from explorer.findings import percent
from explorer.run_progress import Progress
from vitcore.config import PRESETS, RECIPES, TrainConfig
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
_CIFAR10_TRAIN = 50_000


def title(progress: Progress | None) -> str:
    """The finding of the Train page."""
    if progress is None:
        return "Train a model and watch it learn"
    run = progress.run
    if progress.state == "starting":
        return f"{run.name} is starting"
    at = f"epoch {_epoch(run.epoch)} of {_epoch(progress.epochs)}"
    right = _right(run)
    if progress.state == "finished":
        return f"{run.name} learned: {right}" if right else f"{run.name} is trained"
    if progress.state == "failed":
        return f"{run.name} failed at step {run.step + 1:,}"
    if progress.state == "interrupted" and not run.step:
        return f"{run.name} could not begin"
    ended = {
        "stopped": "was stopped at",
        "interrupted": "was interrupted at",
        "stopping": "stops at",
    }
    if progress.state in ended:
        found = f": {right}" if right else ""
        return f"{run.name} {ended[progress.state]} {at}{found}"
    if progress.state == "damaged":
        return f"{run.name} is damaged"
    if right:
        return f"{run.name}: {at}, {right}"
    loss = progress.train.loss
    return f"{run.name}: {at}, loss {loss[-1]:.2f}" if loss else f"{run.name}: {at}"


def progress_line(progress: Progress) -> str:
    """Data, model, epoch, speed and time left of a run that lives, or how it ended."""
    run = progress.run
    parts = [run.config.data, run.config.preset] if run.config is not None else []
    parts += [f"epoch {_epoch(run.epoch)} / {_epoch(progress.epochs)}"]
    if progress.lives:
        if progress.pictures_per_second is not None:
            parts.append(f"{progress.pictures_per_second:,.0f} pictures/s")
        if progress.state == "stopping":
            parts.append("stopping after this step")
        elif progress.seconds_left is not None:
            parts.append(f"{clock(progress.seconds_left)} left")
    else:
        parts.append(f"{run.step:,} steps")
        parts.append(run.state)
    return " · ".join(parts)


def starting(progress: Progress) -> tuple[str, str]:
    """What is done before there is a first point, and what comes then."""
    what = (
        "computing the first step" if progress.ready else "importing TensorFlow, building the model"
    )
    if progress.state == "stopping":
        return (
            "Stopping as soon as it has started.",
            f"It is {what}; {progress.seconds:.0f} s so far.",
        )
    return (
        f"Starting: {what}, {progress.seconds:.0f} s so far.",
        "The curves begin with the first step.",
    )


def trouble(run: Run) -> tuple[str, str]:
    """Why a run failed or was interrupted, and what to do."""
    kept = " What it had learned by its last checkpoint is kept." if run.usable else ""
    if run.state == "failed":
        what = run.problem or "The training failed without saying why."
        then = "Change what the sentence names, or the seed, and start again."
    elif run.state == "damaged":
        return run.problem, "Its files cannot be used; delete it on the Models page."
    else:
        what = run.problem or "Its process ended without saying why."
        then = "Start it again with the same seed."
    return what, f"{then}{kept}"


def loss_title(progress: Progress) -> str:
    return _pair("Loss", progress.train.loss, progress.validation.loss, "{:.2f}")


def accuracy_title(progress: Progress) -> str:
    if not progress.train.accuracy:
        return "Accuracy"
    return _pair("Right", progress.train.accuracy, progress.validation.accuracy, "{:.0%}")


def rate_title(progress: Progress) -> str:
    config = progress.run.config
    if config is None:
        return "Learning rate"
    if config.schedule == "cosine":
        return f"Learning rate: {config.learning_rate:g} down to 0"
    return f"Learning rate: {config.learning_rate:g}, then less"


def chosen(config: TrainConfig) -> str:
    """What will be trained, in one line of small print."""
    model = PRESETS[config.preset]
    kept = 1 - config.validation
    if config.data == "sketch10":
        data = f"{config.train_size:,} drawings an epoch"
    else:
        data = f"{_CIFAR10_TRAIN * kept:,.0f} photographs an epoch"
    return (
        f"{config.preset}: {model.depth} blocks of {model.heads} heads · {data} · "
        f"{config.recipe} recipe, learning rate {config.learning_rate:g}"
    )


def summary(run: Run) -> str:
    """One line about a run, for a list."""
    if run.config is None:
        return f"damaged: {run.problem}"
    parts = [run.state, run.config.data, run.config.preset, _epochs(run.epoch)]
    if right := _right(run):
        parts.append(right)
    return " · ".join(parts)


def clock(seconds: float) -> str:
    """Seconds as 00:41 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def recipe_rate(recipe: str) -> float:
    """The learning rate with which a recipe comes."""
    return RECIPES[recipe].learning_rate


def _right(run: Run) -> str:
    accuracy = (run.validation or {}).get("accuracy")
    if not isinstance(accuracy, int | float):
        return ""
    return f"{percent(accuracy)} of the pictures held back are right (guessing: 10%)"


def _epochs(epochs: float) -> str:
    number = _epoch(epochs)
    return f"{number} epoch" if number == "1" else f"{number} epochs"


def _epoch(epochs: float) -> str:
    return f"{epochs:.1f}".removesuffix(".0")


def _pair(what: str, train: tuple[float, ...], validation: tuple[float, ...], form: str) -> str:
    parts = []
    if train:
        parts.append(f"{form.format(train[-1])} in training")
    if validation:
        parts.append(f"{form.format(validation[-1])} held back")
    return f"{what}: {', '.join(parts)}" if parts else what
