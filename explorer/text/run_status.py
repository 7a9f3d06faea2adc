"""What the pages say about training runs: lines written from how far they are."""

from collections.abc import Callable
from math import isfinite

from explorer.runs.progress import Progress, diverged, usable_rate
from explorer.text.findings import percent
from explorer.text.formatting import clock, duration, epoch, loss, short
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from vitcore.training.exit_status import usual_rate
from vitcore.training.runs import Run

OPTIMIZERS = {
    "adamw": N_("AdamW (Loshchilov & Hutter, 2019, algorithm 2)"),
    "muon": N_("Muon (Jordan et al., 2024) for the matrices of blocks, AdamW for the rest"),
    "adam": N_("Adam (Kingma & Ba, 2015, algorithm 1)"),
}
# What `vitcore` writes into a run, where it has no numbers in it.
_STORED = (
    N_("Process killed, or the computer was shut down."),
    N_("Process killed before training started."),
)
_HEARD = {"pausing": N_("pausing"), "stepping": N_("one step"), "stopping": N_("stopping")}
_ASKED = {
    "pause": N_("pausing"),
    "step": N_("one step, then pausing"),
    "epoch": N_("pausing at epoch end"),
}
_STATES = {
    "damaged": N_("corrupted"),
    "failed": N_("failed"),
    "finished": N_("finished"),
    "interrupted": N_("interrupted"),
    "running": N_("running"),
    "stopped": N_("stopped"),
}


def state_word(run: Run) -> str:
    """The state of a run in one word, as every list of runs writes it."""
    return tr("diverged") if diverged(run) else state_name(run.state)


def state_name(state: str) -> str:
    """A state of `Run`, in the language of the page."""
    return tr(_STATES.get(state, state))


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
            rate = f"{progress.images_per_second:,.0f}"
            parts.append(tr("{count} images/s", count=rate))
        if heard := _ASKED["epoch"] if progress.to_epoch else _HEARD.get(progress.state):
            parts.append(tr(heard))
        elif progress.seconds_left is not None:
            parts.append(tr("{time} left", time=clock(progress.seconds_left)))
    return "\u00a0· ".join(filter(None, parts))  # no line begins with a dot


def _state(progress: Progress) -> str:
    """What a run is doing, or how it ended, and where."""
    run, state = progress.run, progress.state
    at = tr("epoch {epoch} / {epochs}", epoch=epoch(run.epoch), epochs=epoch(progress.epochs))
    if state == "starting":
        begins = tr("starting")
        if run.step:
            begins = tr("resuming from step {step}", step=f"{run.step:,}")
        asked = _ASKED.get(progress.asked)
        return tr("{begins}, {asked}", begins=begins, asked=tr(asked)) if asked else begins
    if state == "paused":
        return tr("paused at {place}, step {step}", place=at, step=f"{run.step:,}")
    if state == "failed":
        return tr("{state} at step {step}", state=state_word(run), step=f"{run.step + 1:,}")
    if state == "interrupted" and not run.step:
        return tr("failed to start")
    whole = state == "finished" and epoch(run.epoch) == epoch(progress.epochs)
    if state in ("stopped", "interrupted", "finished") and not whole:
        return tr("{state} at {place}", state=state_name(state), place=at)
    return state_word(run) if state in ("damaged", "finished") else at


def starting(progress: Progress, *, usual: float | None = None) -> tuple[str, str]:
    """What is done before there is a first point, and what a person can do.

    Args:
        progress: of the run.
        usual: seconds from the start to the first step of the last run, where known.
    """
    if progress.state == "paused":
        return tr("Paused before the first step."), tr("Press Step or Resume.")
    compiles, loads = N_("Compiling the first step…"), N_("Loading TensorFlow…")
    passed = tr("{seconds} s", seconds=f"{progress.seconds:.0f}")
    if usual and progress.state != "stopping":
        passed = tr("{passed} (usually {usual})", passed=passed, usual=duration(usual))
    then = tr("Stops after loading.") if progress.state == "stopping" else ""
    return f"{tr(compiles if progress.ready else loads)} {passed}", then


def kept(run: Run) -> str:
    """What is left of a run that went wrong, after a space; "" where nothing is."""
    if not run.usable:
        return ""
    if run.saved == 0:
        return tr(" No trained checkpoint yet.")
    return tr(" Last checkpoint available.")


def trouble(run: Run, *, resumes: bool = False, saved: int | None = None) -> tuple[str, str]:
    """Why a run failed or was interrupted, and what to do.

    Args:
        run: the run.
        resumes: whether it can be resumed from a checkpoint.
        saved: steps that its last checkpoint holds, where known.
    """
    if run.state == "damaged":
        return tr(run.problem), tr("Repair the file or delete the run.")
    if diverged(run) and run.config is not None:
        rate, next_rate = short(run.config.learning_rate), usable_rate(run)
        usual = N_("Retry with {rate}, the recipe default.")
        other = N_("Retry with {rate}.")
        what = tr(
            "Loss is NaN or infinite at step {step} (learning rate {rate}).",
            step=f"{run.step + 1:,}",
            rate=rate,
        )
        is_usual = next_rate == usual_rate(run.config)
        then = tr(usual if is_usual else other, rate=short(next_rate))
    else:
        what = tr(run.problem or N_("The training process ended unexpectedly."))
        if run.state == "failed":
            then = tr("Change the settings above and restart.")
        else:
            then = resumption(run, saved) if resumes else tr("Restart it.")
    return what, f"{then}{kept(run)}"


def resumption(run: Run, saved: int | None) -> str:
    """From where Resume goes on, and how far the run was."""
    if saved is None:
        return tr("Resumes from the last checkpoint.")
    behind = N_("Resumes from the checkpoint at step {saved} (of {step}).")
    at_end = N_("Resumes from the checkpoint at step {saved}.")
    return tr(behind if run.step > saved else at_end, saved=f"{saved:,}", step=f"{run.step:,}")


def loss_finding(progress: Progress) -> str:
    """The latest loss in training and in validation, and since when the run overfits."""
    said = _pair(progress.train.loss, progress.validation.loss, loss)
    since = overfits_since(progress)
    if since is None:
        return said
    return tr("{finding} · overfitting since epoch {epoch}", finding=said, epoch=epoch(since))


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
    peak = short(config.learning_rate)
    if config.schedule == "cosine":
        return tr("cosine, peak {rate}", rate=peak)
    factor = f"{config.plateau_factor:g}"
    return tr("×{factor} on plateau, peak {rate}", factor=factor, rate=peak)


def _accuracy(run: Run) -> str:
    accuracy = (run.validation or {}).get("accuracy")
    if not isinstance(accuracy, int | float):
        return ""
    return tr(
        "validation accuracy {accuracy} (chance: {chance})",
        accuracy=percent(accuracy),
        chance=chance(run),
    )


def chance(run: Run) -> str:
    """What guessing reaches, where every class is as frequent as any other."""
    return percent(1 / run.config.model_config().classes) if run.config else "–"


def _pair(
    train: tuple[float, ...], validation: tuple[float, ...], form: Callable[[float], str]
) -> str:
    """The last value of each; a dash where there is none yet."""
    first, second = (
        form(values[-1]) if values and isfinite(values[-1]) else "–"
        for values in (train, validation)
    )
    return f"{tr('train {value}', value=first)} · {tr('val {value}', value=second)}"
