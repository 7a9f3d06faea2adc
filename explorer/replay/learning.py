"""A model at several moments of its training: which there are, and what its weights show."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.introspection.filters import FollowedComponents, follow_components
from vitcore.introspection.positions import closeness_correlation, position_similarity
from vitcore.patches import pi_resize, resize_grid, sincos_1d, sincos_2d
from vitcore.training import events, snapshots
from vitcore.training.runs import DESCRIPTION, Run, read_run

_KERNEL, _POSITIONS = "patch_embedding/kernel", "positions"
_FIRST_LINE = 4096  # bytes; a run's log begins with how it was started
COMPONENTS = 36  # of the filters, that are shown
_TILES = 11  # tiles of a side that are all sent; of a finer grid every second one


@dataclass(frozen=True, slots=True)
class Moment:
    """The model after some steps. Equal moments look equal."""

    step: int
    folder: Path  # of a model with this moment's weights, or made of the same config
    stamp: tuple[int, ...]  # state of its files
    seed: int | None = None  # the weights are not the folder's, but the first that this seed makes


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Which moments of a model's training were kept."""

    folder: Path  # of the model
    config: ViTConfig | None  # None only where there is no moment yet
    moments: tuple[Moment, ...]  # rising in steps
    steps: int  # how many training was to do; 0 where that is not known
    steps_per_epoch: float  # 0 where it is not known
    lives: bool = False  # whether more is to come


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What weights show without a picture; P is the patch size, N places, K components."""

    similarity: np.ndarray | None  # (tiles, N) uint8, cosines from -1 to 1; None without positions
    closeness: float | None  # correlation of similarity with closeness over pairs of places
    spread: tuple[float, float]  # mean cosine of two places, and how far most are from it
    components: FollowedComponents


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a model does with one picture."""

    maps: np.ndarray  # (L, H, N) float32, where the token that answers looks; each sums to 1
    distance: np.ndarray  # (L, H) float32, pixels
    probabilities: np.ndarray  # (C,) float32, sums to 1


def history(model: Run | str | Path) -> History:
    """The kept moments of a run or of a model that comes with some of its snapshots.

    The first weights are made again where only they are missing; the last moment of what has
    ended is the model itself.

    Raises:
        CheckpointError: if there is no such model, or its config is damaged.
        OSError: if its files cannot be looked at.
    """
    folder = model.folder if isinstance(model, Run) else checkpoints.folder_of(model)
    run = model if isinstance(model, Run) else None
    if run is None and (folder / DESCRIPTION).is_file():
        run = read_run(folder)
    found = _kept(folder)
    lives = run is not None and run.state == "running"
    if run is None:
        steps, per_epoch = _of_card(folder, found)
    else:
        steps, per_epoch = _planned(folder)
        if not lives and run.usable and (last := _last_step(run)):
            found[last] = Moment(last, folder, stamp_of(folder))
    return History(
        folder=folder,
        config=_config(folder, found),
        moments=tuple(found[step] for step in sorted(found)),
        steps=steps,
        steps_per_epoch=per_epoch,
        lives=lives,
    )


def with_news(past: History) -> History:
    """The same with the moments that a living run has kept since; itself where there are none."""
    found = _kept(past.folder)
    moments = tuple(found[step] for step in sorted(found))
    if moments == past.moments:
        return past
    steps, per_epoch = _planned(past.folder)
    return replace(
        past,
        config=past.config or _config(past.folder, found),
        moments=moments,
        steps=steps,
        steps_per_epoch=per_epoch,
    )


def _config(folder: Path, found: dict[int, Moment]) -> ViTConfig | None:
    """A run that has just begun has none of its own yet, but its snapshots have."""
    for moment in found.values():
        return checkpoints.read_config(moment.folder)
    return checkpoints.read_config(folder) if (folder / checkpoints.CONFIG).is_file() else None


def _planned(folder: Path) -> tuple[int, float]:
    """How many steps a run is to do, and how many make an epoch; 0 where it is not said yet."""
    try:
        with open(folder / events.FILE_NAME, "rb") as file:
            line = file.readline(_FIRST_LINE)
    except OSError:
        return 0, 0.0
    start = events.parse(line) or {}
    steps, per_epoch = (start.get(name) for name in ("steps", "steps_per_epoch"))
    if not isinstance(steps, int) or not isinstance(per_epoch, int | float):
        return 0, 0.0
    return max(0, steps), max(0.0, per_epoch)


def _kept(folder: Path) -> dict[int, Moment]:
    """The snapshots of a run by their steps."""
    found = {}
    for step, path in snapshots.kept(folder).items():
        with suppress(FileNotFoundError):  # the run is deleted at this moment
            found[step] = Moment(step, path, stamp_of(path))
    return found


def _of_card(folder: Path, found: dict[int, Moment]) -> tuple[int, float]:
    """Add a bundled model's beginning and end; its steps and steps of an epoch."""
    card = checkpoints.card(folder) or {}
    steps, epochs, seed = (card.get(name) for name in ("steps", "epochs", "seed"))
    steps = steps if isinstance(steps, int) and steps > 0 else 0
    if found and isinstance(seed, int) and seed >= 0:
        stamp = stamp_of(folder)
        found.setdefault(0, Moment(0, folder, stamp, seed))
    if found and steps:
        found[steps] = Moment(steps, folder, stamp_of(folder))
    known = isinstance(epochs, int | float) and epochs > 0
    return steps, steps / epochs if known else 0.0


def _last_step(run: Run) -> int:
    """After how many steps a run's own weights were written."""
    if run.state in ("finished", "stopped"):
        return run.step
    seen, _ = events.read(run.folder)
    written = [event.get("step") for event in seen if event["event"] == "checkpoint"]
    return written[-1] if written and isinstance(written[-1], int) else 0


def stamp_of(folder: Path) -> tuple[int, ...]:
    """The state of a model's weights: another stamp, other weights."""
    stat = (folder / checkpoints.WEIGHTS).stat()
    return stat.st_mtime_ns, stat.st_size


def weights_at(
    moment: Moment, config: ViTConfig, patch_size: int, before: Weights | None
) -> Weights:
    """What the weights of one moment show.

    Args:
        moment: which.
        config: of the model.
        patch_size: P.
        before: the same of the moment before, whose places components keep.

    Raises:
        CheckpointError: if its file is missing or damaged, or its weights are no numbers.
    """
    kernel, positions = _read(moment, config)
    if not all(np.isfinite(part).all() for part in (kernel, positions) if part is not None):
        raise CheckpointError(f"the weights after {moment.step:,} steps are no longer numbers")
    # Finer than stored they hold nothing more, and coarser is what the model uses.
    size = min(patch_size, config.kernel_size)
    followed = follow_components(
        pi_resize(kernel, size), before.components if before else None, most=COMPONENTS
    )
    table = _table(positions, config, patch_size)
    if table is None:
        return Weights(similarity=None, closeness=None, spread=(0.0, 1.0), components=followed)
    similarity = position_similarity(table)
    return Weights(
        similarity=_coded(similarity),
        closeness=closeness_correlation(similarity),
        spread=_spread(similarity),
        components=followed,
    )


def tiles_of(side: int) -> range:
    """Rows (and columns) of the grid whose positions are sent as tiles."""
    return range(0, side, 1 if side <= _TILES else 2)


def _read(moment: Moment, config: ViTConfig) -> tuple[np.ndarray, np.ndarray | None]:
    """Kernel and learned positions."""
    learned = config.positions == "learned"
    if moment.seed is None:
        names = [_KERNEL, _POSITIONS] if learned else [_KERNEL]
        _, found = checkpoints.read_some(moment.folder, names)
    else:
        found = _first(config, moment.seed)
    return found[_KERNEL], found.get(_POSITIONS)


def _first(config: ViTConfig, seed: int) -> dict[str, np.ndarray]:
    """Kernel and positions that training began with; no other weight is drawn."""
    alone = ViTConfig(
        kernel_size=config.kernel_size,
        position_grid=config.position_grid,
        positions=config.positions,
        width=config.width,
        depth=1,
        heads=1,
        head_width=1,
        mlp_width=1,
    )
    found = initial_weights(alone, seed)
    if config.first_weights == "mimetic" and _POSITIONS in found:
        side = config.position_grid
        found[_POSITIONS] = sincos_2d((side, side), config.width, base=side)
    return found


def _table(positions: np.ndarray | None, config: ViTConfig, patch_size: int) -> np.ndarray | None:
    """What the model adds to its patches: (gh, gw, D), or None where it adds nothing."""
    side = config.grid_side(patch_size)
    if positions is not None:
        return resize_grid(positions, (side, side))
    if config.positions == "none":
        return None
    waves = sincos_1d if config.positions == "sincos1d" else sincos_2d
    return waves((side, side), config.width, base=config.position_grid)


def _coded(similarity: np.ndarray) -> np.ndarray:
    rows, columns = (tiles_of(side) for side in similarity.shape[:2])
    chosen = similarity[rows.start : rows.stop : rows.step, :: columns.step]
    return np.rint(127.5 + 127.5 * chosen).astype(np.uint8).reshape(len(rows) * len(columns), -1)


def _spread(similarity: np.ndarray) -> tuple[float, float]:
    """Mean cosine of two different positions, and how far most of them are from it."""
    count = math.prod(similarity.shape[:2])
    flat = similarity.reshape(count, count)[~np.eye(count, dtype=bool)]
    if not len(flat):
        return 0.0, 1.0
    mean = float(flat.mean())
    return mean, float(np.quantile(np.abs(flat - mean), 0.98))
