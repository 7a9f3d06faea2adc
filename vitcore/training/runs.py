"""The runs on this machine: made, listed with their state, deleted; files only, no NumPy."""

import json
import os
import random
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from vitcore.cache import runs_home
from vitcore.config import TrainConfig
from vitcore.messages import as_sentence, os_error_reason
from vitcore.regular_files import read_regular
from vitcore.training import events, model_files
from vitcore.training.processes import process_lives

DESCRIPTION = "run.json"
LOG = "log.txt"  # what the process printed; holds the reason where it died before any event

ADJECTIVES = (
    "amber autumn bold brave bright calm clear clever copper curious early gentle golden green "
    "happy hazel humble ivory keen kind light lively lucky mellow merry misty modest noble "
    "patient plucky proud quick quiet rapid rosy silver steady sunny swift tidy warm wise"
)
BIRDS = (
    "avocet bittern bunting crane curlew dipper dove dunlin egret falcon finch gannet goose "
    "grebe gull harrier hawk heron hobby ibis jackdaw jay kestrel kite lapwing lark linnet "
    "magpie martin merlin osprey owl petrel plover puffin raven robin shrike siskin sparrow "
    "starling stork swallow swan swift teal tern thrush wagtail warbler wren"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run folder, read once.

    `state` is running, finished, stopped, failed, interrupted (its process is gone and wrote
    no end) or damaged (the folder cannot be read as a run; `problem` says why).
    """

    folder: Path
    name: str  # the folder's own name
    state: str
    problem: str = ""  # one sentence, where it failed, was interrupted or is damaged
    cause: str = ""  # of a failure, in one word for programs, where the run told it
    usable_rate: float | None = None  # where it diverged, the learning rate to try next
    usable: bool = False  # its weights are there, whole, and can be loaded as a model
    config: TrainConfig | None = None  # None only where damaged
    created: float = 0.0  # seconds since 1970; 0 where damaged so that it is not known
    started: float = 0.0  # the same for the process that trains it, or did last
    pid: int = 0  # the number of that process
    ended: float = 0.0  # when it told its end, as the two above; 0 where it has told none
    step: int = 0  # optimiser steps done
    steps: int = 0  # of how many; 0 before the process said so
    epoch: float = 0.0
    saved: int | None = None  # steps that its last checkpoint holds, where one was written
    validation: Mapping[str, Any] | None = None  # the last validation event


def write_description(folder: str | Path, config: TrainConfig, *, pid: int | None = None) -> None:
    """Write `run.json`: what is trained, since when, by which process.

    The training process calls this first of all, before heavy imports, so that a run is never
    seen without its owner. The time it was first described is kept when it is resumed.

    Args:
        folder: the run folder; made where it is missing.
        config: what the run trains.
        pid: the training process; by default this one.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        created = _moment(_description(folder), "created")
    except (OSError, ValueError, KeyError):
        created = time.time()
    description = {
        "name": folder.resolve().name,
        "train": config.to_dict(),
        "created": created,
        "started": time.time(),
        "pid": os.getpid() if pid is None else pid,
    }
    part = folder / f"{DESCRIPTION}.{os.getpid()}.part"
    part.write_text(json.dumps(description, indent=1), encoding="utf-8")
    os.replace(part, folder / DESCRIPTION)


def new_folder(root: str | Path | None = None, *, seed: int | None = None) -> Path:
    """Make an empty run folder with a fresh name like quiet-heron.

    Args:
        root: where runs live; by default the user's runs.
        seed: makes the draw repeatable; by default every call draws another.
    """
    root = runs_home() if root is None else Path(root)
    root.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    attempt = 0
    while True:
        name = f"{rng.choice(ADJECTIVES.split())}-{rng.choice(BIRDS.split())}"
        attempt += 1
        if attempt > 50:  # most names are taken
            name += f"-{attempt}"
        try:
            (root / name).mkdir()
        except FileExistsError:
            continue
        return root / name


def list_runs(root: str | Path | None = None) -> list[Run]:
    """All runs under `root` (default: the user's), newest first, damaged ones last."""
    root = runs_home() if root is None else Path(root)
    try:
        folders = [path for path in root.iterdir() if is_name(path.name) and path.is_dir()]
    except OSError:
        return []
    return sorted((read_run(folder) for folder in folders), key=lambda run: -run.created)


def is_name(name: str) -> bool:
    """Whether a folder of this name can be a run: not hidden, and text in every encoding."""
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8 reach Python as half characters
        return False
    return name[:1] not in ("", ".")


class _DamagedError(Exception):
    """A run folder that cannot be read as a run, said in one sentence."""


def read_run(folder: str | Path) -> Run:
    """Read one run folder. Never raises for what is in it: that is state "damaged"."""
    folder = Path(folder)
    try:
        return _read_run(folder)
    except _DamagedError as error:
        problem = str(error)
    # Files may hold anything, and one odd folder must not hide the others.
    except (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        problem = f"{events.FILE_NAME} is corrupted."
    except RecursionError:
        problem = f"{events.FILE_NAME} is corrupted: nesting too deep."
    usable = not model_files.problem(folder)
    return Run(folder=folder, name=folder.name, state="damaged", problem=problem, usable=usable)


def _read_run(folder: Path) -> Run:
    config, created, started, pid = _described(folder)
    try:
        seen, has_lines = _summary(folder).read()
    except OSError as error:
        raise _DamagedError(
            f"{events.FILE_NAME} could not be read: {os_error_reason(error)}."
        ) from None
    if not seen and has_lines:
        raise _DamagedError(f"{events.FILE_NAME} is corrupted: no line is an event.")
    end = seen.get("end")
    problem = ""
    if end is not None:
        state = end["state"]
        problem = end.get("reason", "") if state in ("failed", "interrupted") else ""
    elif process_lives(pid, started):
        state = "running"
    else:
        state = "interrupted"
        problem = _last_words(folder, began="start" in seen)

    weights = model_files.problem(folder)
    if weights and (state == "finished" or (state == "stopped" and _has_weights(folder))):
        state, problem = "damaged", weights
    elif weights and state != "running" and _has_weights(folder):
        problem = f"{problem} {weights}".strip()
    told = end or {}
    rate = told.get("usable_rate")
    last, saved = seen.get("step", {}), seen.get("checkpoint", {}).get("step")
    return Run(
        folder=folder,
        name=folder.name,
        state=state,
        problem=problem,
        cause=str(told.get("cause") or ""),
        usable_rate=rate if rate and rate > 0 else None,
        usable=not weights,
        config=config,
        created=created,
        started=started,
        pid=pid,
        ended=float(told.get("time") or 0.0),
        step=int(told.get("step") or last.get("step") or 0),
        steps=int(seen.get("start", {}).get("steps") or 0),
        epoch=float(last.get("epoch") or 0.0),
        saved=None if saved is None else int(saved),
        validation=seen.get("validation"),
    )


def delete_run(folder: str | Path) -> None:
    """Delete a run folder and all in it.

    Raises:
        ValueError: while its process lives.
    """
    folder = Path(folder)
    run = read_run(folder)
    if run.state == "running":
        raise ValueError(f"{run.name} is running; stop it first")
    if folder.is_symlink():
        folder.unlink()
        return
    # Moved aside first: a deletion that is cut short leaves nothing that looks like a run.
    aside = folder.with_name(f".deleted-{folder.name}-{os.getpid()}")
    os.replace(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)


def _described(folder: Path) -> tuple[TrainConfig, float, float, int]:
    """What run.json says: the configuration, when described and when started, the process."""
    try:
        values = _description(folder)
        config = TrainConfig.from_dict(values["train"])
        created = _moment(values, "created")
        started = _moment(values, "started") if "started" in values else created
        pid = values["pid"]
        if isinstance(pid, bool) or not isinstance(pid, int) or not 0 <= pid < 2**32:
            raise ValueError(f"pid must be a process number, got {_short(pid)}")
    except FileNotFoundError:
        raise _DamagedError(f"{DESCRIPTION} is missing.") from None
    except KeyError as error:
        raise _DamagedError(f"{DESCRIPTION} is corrupted: no field {error.args[0]!r}.") from None
    except OSError as error:
        raise _DamagedError(f"{DESCRIPTION} could not be read: {os_error_reason(error)}.") from None
    except (ValueError, TypeError) as error:  # these sentences are all our own
        raise _DamagedError(f"{DESCRIPTION} is corrupted: {error}.") from None
    return config, created, started, pid


def _description(folder: Path) -> dict[str, Any]:
    text = read_regular(folder / DESCRIPTION)
    try:
        values = json.loads(text)
    except ValueError:
        raise ValueError("not JSON") from None
    except RecursionError:
        raise ValueError("nesting too deep") from None
    if not isinstance(values, dict):
        raise ValueError("not a run description")
    return values


def _moment(values: Mapping[str, Any], name: str) -> float:
    """Seconds since 1970, within the years that a calendar knows."""
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2e11:
        raise ValueError(f"{name} must be seconds since 1970, got {_short(value)}")
    return float(value)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


class _Summary:
    """The last event of each kind in a log, read on from where it was; safe from any thread.

    An end only where no start follows it: a run that goes on stands at the step that it had
    reached, until it takes another.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._place, self._seen = events.BEGINNING, dict[str, dict[str, Any]]()

    def read(self) -> tuple[dict[str, dict[str, Any]], bool]:
        """The events, and whether the log has a line at all.

        Raises:
            OSError: if there is a log that cannot be read.
        """
        with self._lock:
            lines, self._place = events.lines(self._folder, self._place)
            seen = {} if self._place.anew else dict(self._seen)
            is_step = [line.startswith(b'{"event": "step"') for line in lines]
            last_step = max((i for i, step in enumerate(is_step) if step), default=-1)
            for i, line in enumerate(lines):
                if is_step[i] and i != last_step:
                    continue  # most lines are steps, and parsing is what costs
                if (event := events.parse(line)) is not None:
                    if event["event"] == "start":
                        seen.pop("end", None)  # resumed after it had ended
                    seen[event["event"]] = event
            self._seen = seen
            return seen, self._place.offset > 0


_summary = lru_cache(maxsize=256)(_Summary)


def _last_words(folder: Path, *, began: bool) -> str:
    """Why a process ended that wrote no end. Once it trains, its log is progress, no reason."""
    if began:
        return "Process killed, or the computer was shut down."
    try:
        text = read_regular(folder / LOG)[-4000:].decode("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "Process killed before training started."
    if lines[-1].startswith("error: "):  # the command line's own way to say why
        return as_sentence(lines[-1].removeprefix("error: ")[:300])
    return f"Failed to start. Last line of the log: {lines[-1][:300]}"


def _has_weights(folder: Path) -> bool:
    return (folder / model_files.WEIGHTS).exists()
