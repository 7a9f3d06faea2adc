"""What the pages say about training runs: sentences written from how far they are."""

from collections.abc import Callable

from explorer.runs.divergence import diverged, usable_rate
from explorer.runs.run_progress import Progress
from explorer.words.amounts import clock, duration, epoch, loss, short
from explorer.words.findings import percent
from vitcore.training.divergence import usual_rate
from vitcore.training.runs import Run

OPTIMIZERS = {
    "adamw": "AdamW (Loshchilov and Hutter 2019, algorithm 2)",
    "muon": "Muon (Jordan et al. 2024) for the blocks' matrices and AdamW for the rest",
    "adam": "Adam (Kingma and Ba 2015, algorithm 1)",
}


def title(progress: Progress | None) -> str:
    """The finding of the Train page."""
    if progress is None:
        return "Train a model and watch it learn"
    run = progress.run
    if progress.state == "starting":
        again = f", going on from step {run.step:,}" if run.step else ""
        return f"{run.name} is starting{again}"
    at = f"epoch {epoch(run.epoch)} of {epoch(progress.epochs)}"
    right = _right(run)
    if progress.state == "paused":
        return f"{run.name} is paused at {at}, step {run.step:,}"
    if progress.state == "finished":
        return f"{run.name} learned: {right}" if right else f"{run.name} is trained"
    if progress.state == "failed" and diverged(run):
        return f"{run.name} fell apart at step {run.step + 1:,}: its learning rate is too high"
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
    losses = progress.train.loss
    return f"{run.name}: {at}, loss {loss(losses[-1])}" if losses else f"{run.name}: {at}"


def progress_line(progress: Progress) -> str:
    """Data, model, epoch, speed and time left of a run that lives, or how it ended."""
    run = progress.run
    parts = [run.config.data, run.config.preset] if run.config is not None else []
    parts += [f"epoch {epoch(run.epoch)} / {epoch(progress.epochs)}"]
    if progress.lives:
        if progress.pictures_per_second is not None and progress.state != "starting":
            parts.append(f"{progress.pictures_per_second:,.0f} pictures/s")
        if heard := _heard(progress):
            parts.append(heard)
        elif progress.seconds_left is not None:
            parts.append(f"{clock(progress.seconds_left)} left")
    else:
        parts.append("1 step" if run.step == 1 else f"{run.step:,} steps")
        parts.append(run.state)
    return " · ".join(parts)


def _heard(progress: Progress) -> str:
    """What a run was asked for and has not finished yet, or ""."""
    if progress.state == "starting":
        asked = {
            "pause": "will pause before the first step",
            "step": "will take one step, then pause",
            "epoch": "will pause at the end of the first epoch",
        }.get(progress.asked, "")
        if progress.run.step:
            asked = asked.replace("the first step", "the next step").replace("the first", "this")
            asked = f"starting again{', ' if asked else ''}{asked}"
        return asked
    if progress.to_epoch:
        return "pausing at the end of this epoch"
    if progress.state == "paused":
        return f"paused after step {progress.run.step:,}"
    return {
        "pausing": "pausing after this step",
        "stepping": "taking one step",
        "stopping": "stopping after this step",
    }.get(progress.state, "")


def starting(progress: Progress, *, usual: float | None = None) -> tuple[str, str]:
    """What is done before there is a first point, and what comes then.

    Args:
        progress: of the run.
        usual: seconds that this took last time, where known.
    """
    what = (
        "computing the first step" if progress.ready else "importing TensorFlow, building the model"
    )
    if progress.state == "paused":
        return "Paused before the first step.", "One step takes it."
    if progress.state == "stopping":
        return (
            "Stopping as soon as it has started.",
            f"It is {what}; {progress.seconds:.0f} s so far.",
        )
    last = f" Last time the first step came after {duration(usual)}." if usual else ""
    return (
        f"Starting: {what}, {progress.seconds:.0f} s so far.",
        f"{_then(progress)}{last}",
    )


def _then(progress: Progress) -> str:
    """What happens with the first step of a run that starts."""
    return {
        "pause": "It will pause before the first step.",
        "step": "It will take one step, and pause.",
        "epoch": "It will pause at the end of the first epoch.",
    }.get(progress.asked, "The curves begin with the first step.")


def kept(run: Run) -> str:
    """What is left of a run that went wrong, after a space; "" where nothing is."""
    if not run.usable:
        return ""
    if run.saved == 0:
        return " Its last checkpoint is from before the first step: it has learned nothing yet."
    return " What it had learned by its last checkpoint is kept."


def trouble(run: Run, *, resumes: bool = False, saved: int | None = None) -> tuple[str, str]:
    """Why a run failed or was interrupted, and what to do.

    Args:
        run: the run.
        resumes: whether it can go on from a checkpoint.
        saved: steps that its last checkpoint holds, where known.
    """
    if diverged(run) and run.config is not None:
        what, then = _overflow(run)
    elif run.state == "failed":
        what = run.problem or "The training failed without saying why."
        then = "Change what the sentence names, or the seed, and start again."
    elif run.state == "damaged":
        return run.problem, "Its files cannot be used; delete it on the Models page."
    else:
        what = run.problem or "Its process ended without saying why."
        then = resumption(run, saved) if resumes else "Restart it."
    return what, f"{then}{kept(run)}"


def resumption(run: Run, saved: int | None) -> str:
    """From where Resume goes on, and what of it was done before."""
    if saved is None:
        return "Resume lets it go on from its last checkpoint."
    again = run.step - saved
    if again <= 0:
        return f"Resume goes on from step {saved:,}."
    done = "1 step is done again" if again == 1 else f"{again:,} steps are done again"
    return f"Resume goes on from step {saved:,} of the {run.step:,} it had taken: {done}."


def _overflow(run: Run) -> tuple[str, str]:
    rate, next_rate = run.config.learning_rate, usable_rate(run)
    what = f"The loss stopped being a number at step {run.step + 1:,}"
    if next_rate == usual_rate(run.config):
        return (
            f"{what}: at learning rate {short(rate)} each step is so large that numbers overflow.",
            f"Try {short(next_rate)}, what this recipe is made for: the button above starts it.",
        )
    return (
        f"{what}, at learning rate {short(rate)}.",
        f"Try {short(next_rate)} instead: the button above starts it.",
    )


def loss_title(progress: Progress) -> str:
    return _pair("Loss", progress.train.loss, progress.validation.loss, loss)


def accuracy_title(progress: Progress) -> str:
    if not progress.train.accuracy:
        return "Accuracy"
    return _pair("Right", progress.train.accuracy, progress.validation.accuracy, "{:.0%}".format)


def rate_title(progress: Progress) -> str:
    config = progress.run.config
    if config is None:
        return "Learning rate"
    if config.schedule == "cosine":
        return f"Learning rate: {short(config.learning_rate)} down to 0"
    return f"Learning rate: {short(config.learning_rate)}, x {config.plateau_factor:g} on plateaus"


def _right(run: Run) -> str:
    accuracy = (run.validation or {}).get("accuracy")
    if not isinstance(accuracy, int | float):
        return ""
    share, when = f"{percent(accuracy)} of the pictures held back", run.validation.get("epoch")
    later = isinstance(when, int | float) and epoch(when) != epoch(run.epoch)
    if later and run.state != "finished":
        return f"{share} were right at epoch {epoch(when)} (guessing: 10%)"
    return f"{share} are right (guessing: 10%)"


def _pair(
    what: str,
    train: tuple[float, ...],
    validation: tuple[float, ...],
    form: Callable[[float], str],
) -> str:
    parts = []
    if train:
        parts.append(f"{form(train[-1])} in training")
    if validation:
        parts.append(f"{form(validation[-1])} held back")
    return f"{what}: {', '.join(parts)}" if parts else what
