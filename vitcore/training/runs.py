"""The runs on this machine: made, listed with their state, deleted; files only, no NumPy."""

import json
import os
import random
import shutil
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from vitcore.cache import runs_home
from vitcore.config import TrainConfig
from vitcore.training import events

DESCRIPTION = "run.json"
LOG = "log.txt"  # what the process printed; holds the reason where it died before any event

CALM = (
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
    usable: bool = False  # its weights are there, whole, and can be loaded as a model
    config: TrainConfig | None = None  # None only where damaged
    created: float = 0.0  # seconds since 1970
    step: int = 0  # optimiser steps done
    steps: int = 0  # of how many; 0 before the process said so
    epoch: float = 0.0
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
        created = float(json.loads((folder / DESCRIPTION).read_bytes())["created"])
    except (OSError, ValueError, KeyError, TypeError):
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
        name = f"{rng.choice(CALM.split())}-{rng.choice(BIRDS.split())}"
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
        folders = [path for path in root.iterdir() if path.is_dir() and path.name[0] != "."]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((read_run(folder) for folder in folders), key=lambda run: -run.created)


def read_run(folder: str | Path) -> Run:
    """Read one run folder. Never raises for what is in it: that is state "damaged"."""
    folder = Path(folder)
    name = folder.name
    try:
        description = json.loads((folder / DESCRIPTION).read_bytes())
        config = TrainConfig.from_dict(description["train"])
        created = float(description["created"])
        started = float(description.get("started", created))
        pid = int(description["pid"])
    except FileNotFoundError:
        return Run(folder=folder, name=name, state="damaged", problem=f"{DESCRIPTION} is missing.")
    except KeyError as error:
        problem = f"{DESCRIPTION} says nothing about {error.args[0]}."
        return Run(folder=folder, name=name, state="damaged", problem=problem)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        problem = f"{DESCRIPTION} cannot be read: {error}."
        return Run(folder=folder, name=name, state="damaged", problem=problem)

    try:
        seen = _summary(folder / events.FILE_NAME)
    except OSError as error:
        problem = f"{events.FILE_NAME} cannot be read: {error}."
        return Run(folder=folder, name=name, state="damaged", problem=problem, created=created)
    end = seen.get("end")
    problem = ""
    if end is not None:
        state = str(end.get("state", "finished"))
        problem = str(end.get("reason") or "") if state == "failed" else ""
    elif process_lives(pid, started):
        state = "running"
    else:
        state = "interrupted"
        problem = _last_words(folder, began="start" in seen)

    weights = _weights_problem(folder)
    if weights and state == "finished":
        state, problem = "damaged", weights
    last = seen.get("step", {})
    return Run(
        folder=folder,
        name=name,
        state=state,
        problem=problem,
        usable=not weights,
        config=config,
        created=created,
        step=int((end or {}).get("step") or last.get("step") or 0),
        steps=int(seen.get("start", {}).get("steps") or 0),
        epoch=float(last.get("epoch") or 0.0),
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
        raise ValueError(f"a run can be deleted once it has ended, but {run.name} is running")
    if folder.is_symlink():
        folder.unlink()
        return
    # Moved aside first: a deletion that is cut short leaves nothing that looks like a run.
    aside = folder.with_name(f".deleted-{folder.name}-{os.getpid()}")
    os.replace(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)


def process_lives(pid: int, since: float) -> bool:
    """Whether the process that called itself `pid` at time `since` is still there.

    On Linux a process of that number which began later, or which ended and waits to be
    collected, does not count. Elsewhere the number alone decides.

    Args:
        pid: process number.
        since: seconds since 1970.
    """
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # not ours to signal, so it is there
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return True
    if fields[0] in "ZX":
        return False
    age = up - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    # Some containers count the two from different moments: then the number alone decides.
    return age < 0 or time.time() - age <= since + 2.0  # these clocks agree to 2 s


def _lives_on_windows(pid: int) -> bool:
    import ctypes  # there os.kill(pid, 0) would end the process instead of asking for it

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE


def _summary(path: Path) -> dict[str, dict[str, Any]]:
    """The last event of each kind since the last start."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return {}
    return _summary_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)  # an ended run's file no longer changes, and may be long
def _summary_of(path: Path, _changed: int, _size: int) -> dict[str, dict[str, Any]]:
    lines = path.read_bytes().split(b"\n")[:-1]
    seen: dict[str, dict[str, Any]] = {}
    is_step = [line.startswith(b'{"event": "step"') for line in lines]
    last_step = max((i for i, step in enumerate(is_step) if step), default=-1)
    for i, line in enumerate(lines):
        if is_step[i] and i != last_step:
            continue  # most lines are steps, and parsing is what costs
        if (event := events.parse(line)) is not None:
            if event["event"] == "start":
                seen.pop("end", None)  # resumed after it had ended
            seen[event["event"]] = event
    return seen


def _last_words(folder: Path, *, began: bool) -> str:
    """Why a process ended that wrote no end. Once it trains, its log is progress, no reason."""
    ended = "Its process ended without saying why"
    if began:
        return f"{ended}."
    try:
        text = (folder / LOG).read_bytes()[-4000:].decode("utf-8", "replace")
    except OSError:
        return f"{ended}."
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return f"{ended}."
    if lines[-1].startswith("error: "):  # the command line's own way to say why
        words = lines[-1].removeprefix("error: ")[:300]
        return f"{words[:1].upper()}{words[1:].rstrip('.')}."
    return f"{ended}; the last line of its log: {lines[-1][:300]}"


def _weights_problem(folder: Path) -> str:
    """What keeps the folder from being a model, or ""; reads only the head of the file."""
    path = folder / "weights.safetensors"
    if not (folder / "config.json").is_file():
        return "config.json is missing."
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size - 8:
                raise ValueError("it ends inside its table of contents")
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
    except FileNotFoundError:
        return f"{path.name} is missing."
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        return f"{path.name} is damaged: {error}."
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        return f"{path.name} is damaged: it has {size:,} bytes where {expected:,} are due."
    return ""
