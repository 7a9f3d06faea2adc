"""What the pages say about training runs: lines written from how far they are."""

from collections.abc import Callable
from math import isfinite

from explorer.runs.progress import Progress, diverged, usable_rate
from explorer.text.findings import percent
from explorer.text.formatting import clock, duration, epoch, loss, short
from explorer.text.names import DATASET_NAMES
from vitcore.training.exit_status import usual_rate
from vitcore.training.runs import Run

OPTIMIZERS = {
    "adamw": "AdamW (Loshchilov & Hutter, 2019, algorithm 2)",
    "muon": "Muon (Jordan et al., 2024) for the matrices of blocks, AdamW for the rest",
    "adam": "Adam (Kingma & Ba, 2015, algorithm 1)",
}
_HEARD = {"pausing": "pausing", "stepping": "one step", "stopping": "stopping"}
_ASKED = {"pause": "pausing", "step": "one step, then pausing", "epoch": "pausing at epoch end"}


def state_word(run: Run) -> str:
    """The state of a run in one word, as every list of runs writes it."""
    if diverged(run):
        return "diverged"
    return "corrupted" if run.state == "damaged" else run.state


def status(progress: Progress | None) -> str:
    """The line below the title of the Train page: run, state, accuracy, speed, time left."""
    if progress is None:
        return ""
    run = progress.run
    parts = [run.name, _state(progress), _accuracy(run)]
    if run.config is not None:
        parts += [DATASET_NAMES[run.config.data], run.config.preset]
    if progress.lives and progress.state not in ("starting", "paused"):
        if progress.images_per_second is not None:
            parts.append(f"{progress.images_per_second:,.0f} images/s")
        if heard := "pausing at epoch end" if progress.to_epoch else _HEARD.get(progress.state):
            parts.append(heard)
        elif progress.seconds_left is not None:
            parts.append(f"{clock(progress.seconds_left)} left")
    return "\u00a0· ".join(filter(None, parts))  # no line begins with a dot


def _state(progress: Progress) -> str:
    """What a run is doing, or how it ended, and where."""
    run, state = progress.run, progress.state
    at = f"epoch {epoch(run.epoch)} / {epoch(progress.epochs)}"
    if state == "starting":
        begins = f"resuming from step {run.step:,}" if run.step else "starting"
        asked = _ASKED.get(progress.asked)
        return f"{begins}, {asked}" if asked else begins
    if state == "paused":
        return f"paused at {at}, step {run.step:,}"
    if state == "failed":
        return f"{state_word(run)} at step {run.step + 1:,}"
    if state == "interrupted" and not run.step:
        return "failed to start"
    if state in ("stopped", "interrupted"):
        return f"{state} at {at}"
    if state == "finished":
        return state if epoch(run.epoch) == epoch(progress.epochs) else f"{state} at {at}"
    return state_word(run) if state == "damaged" else at


def starting(progress: Progress, *, usual: float | None = None) -> tuple[str, str]:
    """What is done before there is a first point, and what a person can do.

    Args:
        progress: of the run.
        usual: seconds from the start to the first step of the last run, where known.
    """
    if progress.state == "paused":
        return "Paused before the first step.", "Press Step or Resume."
    what = "Compiling the first step…" if progress.ready else "Loading TensorFlow…"
    passed = f"{progress.seconds:.0f} s"
    if usual and progress.state != "stopping":
        passed = f"{passed} (usually {duration(usual)})"
    return f"{what} {passed}", "Stops after loading." if progress.state == "stopping" else ""


def kept(run: Run) -> str:
    """What is left of a run that went wrong, after a space; "" where nothing is."""
    if not run.usable:
        return ""
    return " No trained checkpoint yet." if run.saved == 0 else " Last checkpoint available."


def trouble(run: Run, *, resumes: bool = False, saved: int | None = None) -> tuple[str, str]:
    """Why a run failed or was interrupted, and what to do.

    Args:
        run: the run.
        resumes: whether it can be resumed from a checkpoint.
        saved: steps that its last checkpoint holds, where known.
    """
    if run.state == "damaged":
        return run.problem, "Repair the file or delete the run."
    if diverged(run) and run.config is not None:
        rate, next_rate = short(run.config.learning_rate), usable_rate(run)
        usual = ", the recipe default" if next_rate == usual_rate(run.config) else ""
        what = f"Loss is NaN or infinite at step {run.step + 1:,} (learning rate {rate})."
        then = f"Retry with {short(next_rate)}{usual}."
    else:
        what = run.problem or "The training process ended unexpectedly."
        if run.state == "failed":
            then = "Change the settings above and restart."
        else:
            then = resumption(run, saved) if resumes else "Restart it."
    return what, f"{then}{kept(run)}"


def resumption(run: Run, saved: int | None) -> str:
    """From where Resume goes on, and how far the run was."""
    if saved is None:
        return "Resumes from the last checkpoint."
    of = f" (of {run.step:,})" if run.step > saved else ""
    return f"Resumes from the checkpoint at step {saved:,}{of}."


def loss_finding(progress: Progress) -> str:
    """The latest loss in training and in validation, and since when the run overfits."""
    said = _pair(progress.train.loss, progress.validation.loss, loss)
    since = overfits_since(progress)
    return said if since is None else f"{said} · overfitting since epoch {epoch(since)}"


def overfits_since(progress: Progress) -> float | None:
    """The epoch of the lowest validation loss, where training went on to fall and it to rise.

    None until two later validations lie above it, the last by 2% at least.
    """
    points = [
        (at, value)
        for at, value in zip(progress.validation.epoch, progress.validation.loss, strict=False)
        if isfinite(value)
    ]
    if len(points) < 3:
        return None
    best, lowest = min(points, key=lambda point: point[1])
    later = [value for at, value in points if at > best]
    train = list(zip(progress.train.epoch, progress.train.loss, strict=False))
    before = [value for at, value in train if at <= best]
    if len(later) < 2 or not before or later[-1] < 1.02 * lowest:
        return None
    return best if train[-1][1] < before[-1] else None


def accuracy_finding(progress: Progress) -> str:
    """The latest accuracy in training and in validation."""
    return _pair(progress.train.accuracy, progress.validation.accuracy, percent)


def rate_finding(progress: Progress) -> str:
    """The learning-rate schedule of the run."""
    config = progress.run.config
    if config is None:
        return ""
    falls = "cosine" if config.schedule == "cosine" else f"×{config.plateau_factor:g} on plateau"
    return f"{falls}, peak {short(config.learning_rate)}"


def _accuracy(run: Run) -> str:
    accuracy = (run.validation or {}).get("accuracy")
    if not isinstance(accuracy, int | float):
        return ""
    return f"validation accuracy {percent(accuracy)} (chance: 10%)"


def _pair(
    train: tuple[float, ...], validation: tuple[float, ...], form: Callable[[float], str]
) -> str:
    """The last value of each; a dash where there is none yet."""
    return " · ".join(
        f"{which} {form(values[-1]) if values and isfinite(values[-1]) else '–'}"
        for which, values in (("train", train), ("val", validation))
    )
