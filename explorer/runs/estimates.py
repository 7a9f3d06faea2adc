"""How long the next run takes, from the last one like it on this machine, and how much memory."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitcore.config import MOST_EPOCHS, PRESETS, TrainConfig
from vitcore.flops import flops
from vitcore.initialisation import parameter_count
from vitcore.training import events
from vitcore.training.runs import Run

_LIBRARIES = 1130 * 2**20  # bytes of TensorFlow, CIFAR-10 and Python; measured
_FLOAT = 4  # bytes
_TAIL = 65_536  # bytes of a log: its last few hundred points
_HEAD = 4_096  # bytes of a log that hold its first step
_STEPS, _SECONDS = 50, 10.0  # of training, from which a run tells its speed
_WAITED = 1.5  # times what a step took by itself: beyond, somebody had slowed the run down
_START = 15.0  # seconds from a press to the first step, where nothing was measured
_LONGEST_START = 600.0  # seconds; beyond, the machine had slept
# What decides how long a step takes.
_SAME_STEP = (
    "preset",
    "pooling",
    "positions",
    "depth",
    "num_heads",
    "width",
    "mlp_dim",
    "precision",
    "batch_size",
    "patch_sizes",
    "optimizer",
)
# Images per second on two cores, only where nothing was measured: said to be rough.
_TYPICAL = {"tiny": 1000.0, "article": 350.0, "flexi": 250.0, "plain": 250.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """How long a run is likely to take here."""

    seconds: float  # from Start to its last step, validations among them
    measured_in: str = ""  # the run that tells so; "" where it is a rough estimate
    steps: int = 0  # of the optimizer; 0 where they are not told


@dataclass(frozen=True, slots=True)
class _Speed:
    steps: int
    seconds: float

    @property
    def tells(self) -> bool:
        return self.steps >= _STEPS or (self.steps > 0 and self.seconds > _SECONDS)


def estimate(config: TrainConfig, runs: Iterable[Run]) -> RunEstimate:
    """How long a run will take, from the runs of this machine.

    Only runs that did not fail and trained long enough tell a speed; those that have ended before
    those that still go on.

    Args:
        config: of the run to come.
        runs: those that were, the newest first.
    """
    runs = [run for run in runs if run.config is not None]
    rate, run = _steps_a_second(config, runs)
    starting = start_seconds(config, runs)
    return RunEstimate(
        seconds=(_START if starting is None else starting) + _length(config) / rate,
        measured_in=run.name if run else "",
        steps=_steps(config),
    )


def epochs_in(seconds: float, config: TrainConfig, runs: Iterable[Run]) -> float:
    """How many epochs fit into a time from Start on, to two digits, by the same measurement.

    Where starting alone takes most of it, a third of the time is trained.
    """
    runs = [run for run in runs if run.config is not None]
    rate, _ = _steps_a_second(config, runs)
    starting = start_seconds(config, runs)
    trained = max(seconds / 3, seconds - (_START if starting is None else starting))
    epochs = trained * rate * config.batch_size / config.images_per_epoch
    return min(max(0.01, float(f"{epochs:.2g}")), MOST_EPOCHS)


def start_seconds(config: TrainConfig | None, runs: Iterable[Run]) -> float | None:
    """How long the newest run took to its first step, of this shape where there is one."""
    others = None
    for run in runs:
        if run.config is None or (taken := _began_after(run)) is None:
            continue
        if config is None or _shape(run.config) == _shape(config):
            return taken
        others = taken if others is None else others
    return others


def memory(config: TrainConfig) -> int:
    """Bytes that a run's process takes at its peak on a CPU, in float32.

    Of each block a step keeps, for the gradient, 6 vectors of D per token (residuals, LayerNorms
    and the outputs of both layers), queries, keys, values and their mix, the hidden layer before
    and after its GELU, and attention weights.
    """
    model = config.model_config()
    inner = model.num_heads * model.d
    kept = []
    for size in config.patch_sizes or (model.patch_size,):
        tokens = model.tokens(size)
        per_token = 6 * model.width + 4 * inner + 2 * model.mlp_dim + 1.5 * model.num_heads * tokens
        kept.append(config.batch_at(size) * model.depth * tokens * per_token)
    weights = 4 * parameter_count(model)  # with gradients and the optimizer's two means
    return _LIBRARIES + round(_FLOAT * (weights + max(kept)))


def free_memory() -> int | None:
    """Bytes that a new process may take here; None where the system does not tell."""

    def told(file: str, name: str) -> int:
        lines = Path(file).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.lower().startswith(name))

    free, group = [], "/sys/fs/cgroup/memory"
    with suppress(OSError, StopIteration):
        free.append(1024 * told("/proc/meminfo", "memavailable"))
    with suppress(OSError, ValueError):  # of a container; "max" where there is no limit
        limit, used = (int(Path(f"{group}.{name}").read_text()) for name in ("max", "current"))
        free.append(limit - used + told(f"{group}.stat", "inactive_file "))
    return min(free, default=None)


def _shape(config: TrainConfig) -> list[object]:
    return [getattr(config, name) for name in _SAME_STEP]


def _steps_a_second(config: TrainConfig, runs: list[Run]) -> tuple[float, Run | None]:
    ended = [run for run in runs if run.state not in ("running", "failed", "damaged")]
    for run in (*ended, *(run for run in runs if run.state == "running")):
        if _shape(run.config) == _shape(config):
            measured = _measured(run)
            if measured and measured.tells:
                return measured.steps / measured.seconds, run
    return _typical(config) / config.batch_size, None


def step_seconds(run: Run) -> float | None:
    """Seconds of a step of a run, validations shared out; None where it is too short to tell."""
    measured = _measured(run)
    return measured.seconds / measured.steps if measured and measured.tells else None


def _typical(config: TrainConfig) -> float:
    """Images per second: the preset's, less by as much as this architecture takes more FLOPs."""
    own, model = (
        sum(flops(one).values()) for one in (PRESETS[config.preset], config.model_config())
    )
    return _TYPICAL.get(config.preset, 250.0) * own / model


def _measured(run: Run) -> _Speed | None:
    if run.config is None:  # what it trained can no longer be read
        return None
    path = run.folder / events.FILE_NAME
    try:
        stat = path.stat()
        return _measured_in(path, stat.st_mtime_ns, stat.st_size, run.config.batch_size)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _measured_in(path: Path, _changed: int, size: int, batch_size: int) -> _Speed | None:
    """Steps and their time at the end of a log, with validations, without what was waited."""
    with open(path, "rb") as file:
        file.seek(max(0, size - _TAIL), os.SEEK_SET)
        lines = file.read().split(b"\n")[1 if size > _TAIL else 0 :]
    steps, seconds = 0, 0.0
    before, busy = None, False
    for event in filter(None, map(events.parse, lines)):
        if event["event"] in ("start", "paused", "resumed"):
            before = None
        elif event["event"] != "step":
            busy = True  # a validation or something written
        elif event.get("step") and event.get("time"):
            if before is not None and event["step"] > before["step"]:
                taken, number = event["time"] - before["time"], event["step"] - before["step"]
                alone = number * batch_size / (event.get("images_per_second") or float("inf"))
                slowed = not busy and alone > 0 and taken > _WAITED * alone
                steps, seconds = steps + number, seconds + (alone if slowed else taken)
            before, busy = event, False
    return _Speed(steps, seconds) if steps > 0 and seconds > 0 else None


def _began_after(run: Run) -> float | None:
    """Seconds from the start of a run's first process to its first step; None if not known."""
    path = run.folder / events.FILE_NAME
    try:
        first = _first_step(path, path.stat().st_ino)
    except OSError:
        return None
    taken = first - run.created if first is not None else 0.0
    return taken if 0 < taken < _LONGEST_START else None


def _first_step(path: Path, inode: int) -> float | None:
    found = _first_step_in(path, inode)
    if found is None:  # it may come
        _first_step_in.cache_clear()
    return found


@lru_cache(maxsize=256)
def _first_step_in(path: Path, _inode: int) -> float | None:
    """When the first step was told, unless somebody had paused the run before."""
    with open(path, "rb") as file:
        lines = file.read(_HEAD).split(b"\n")[:-1]
    for event in filter(None, map(events.parse, lines)):
        if event["event"] == "paused":
            return None
        if event["event"] == "step":
            return event.get("time")
    return None


def _steps(config: TrainConfig) -> int:
    """Optimizer steps, as the trainer counts them: an epoch has full batches only."""
    in_epoch = max(1, config.images_per_epoch // config.batch_size)
    return config.steps or max(1, round(config.epochs * in_epoch))


def _length(config: TrainConfig) -> float:
    return config.steps or config.epochs * config.images_per_epoch / config.batch_size
