"""Whose run it is: on a server for many, a visitor steers, renames and deletes only their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.runs import estimates
from explorer.runs.queue import Queued
from explorer.text.language import N_
from vitcore.config import TrainConfig
from vitcore.regular_files import read_regular
from vitcore.training.runs import Run

OFF = "VITEXPLORER_OFF"  # environment variable; two words with a comma between disable both
OWNER = "owner"  # file in a run's folder, with the name of the visitor who started it
MOST_RUNS = 2  # of one visitor, training or queued
LONGEST = 2 * 3600.0  # seconds that a visitor's run may take, as estimated
NOT_YOURS = N_("{run} was started by another visitor. Only they can change it.")
DISABLED = N_("Training is disabled on this server. Install ViT Explorer to train.")
TOO_MANY = N_("You have {count} runs training or queued. Stop or remove one.")
TOO_LONG = N_("Estimated {hours} h; at most {limit} h on this server. Reduce the epochs.")
TOO_LARGE = N_("Needs about {need} GB of memory ({free} GB free). Use a smaller batch or model.")

Reason = tuple[str, dict[str, str | int]]  # a sentence and its values


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for something.

    Attributes:
        name: that only their browser can give.
        operates: whether all runs are theirs: the person at this machine, or with the key.
    """

    name: str = ""
    operates: bool = True

    def owns(self, folder: Path) -> bool:
        """Whether they may change the run in a folder."""
        return self.operates or self.is_named(owner(folder))

    def is_named(self, name: str) -> bool:
        return self.operates or (bool(self.name) and name == self.name)


OPERATOR = Visitor()


def owner(folder: Path) -> str:
    """Name of the visitor who started a run; "" where nobody is written down."""
    with suppress(OSError, UnicodeDecodeError):
        return read_regular(folder / OWNER).decode().strip()
    return ""


def set_owner(folder: Path, name: str) -> None:
    """Write down who started a run, where it was a visitor with a name.

    Raises:
        OSError: if it cannot be written.
    """
    if name:
        (folder / OWNER).write_text(name, "utf-8")


def is_off(what: str) -> bool:
    """Whether the operator has disabled something for visitors: "training" or "uploads"."""
    return what in {word.strip() for word in os.environ.get(OFF, "").split(",")}


def limit(
    visitor: Visitor, config: TrainConfig, runs: Sequence[Run], waiting: Iterable[Queued]
) -> Reason | None:
    """Why a visitor may not train so; None where they may.

    Args:
        visitor: one who does not operate the server.
        config: of the run.
        runs: of this server; they tell how long it takes, and how many are theirs.
        waiting: the queue.
    """
    if is_off("training"):
        return DISABLED, {}
    training = [run for run in runs if run.state == "running"]
    owners = [one.owner for one in waiting] + [owner(run.folder) for run in training]
    if (mine := sum(map(visitor.is_named, owners))) >= MOST_RUNS:
        return TOO_MANY, {"count": mine}
    if (seconds := estimates.estimate(config, runs).seconds) > LONGEST:
        return TOO_LONG, {"hours": f"{seconds / 3600:,.1f}", "limit": f"{LONGEST / 3600:g}"}
    return beyond_memory(config, behind=training)


def beyond_memory(config: TrainConfig, behind: Iterable[Run] = ()) -> Reason | None:
    """That a run needs more memory than is free; None where that is not known.

    Args:
        config: of the run.
        behind: runs that train, and may have ended by the time that it begins.
    """
    need, free = estimates.memory(config), estimates.free_memory()
    if free is None:
        return None
    free += sum(estimates.memory(run.config) for run in behind if run.config)
    if need <= free:
        return None
    return TOO_LARGE, {"need": f"{need / 1e9:.1f}", "free": f"{max(free, 0) / 1e9:.1f}"}
