"""What is said of a run whose process was killed and could not say it; files only."""

import signal
from contextlib import closing, suppress
from pathlib import Path

from vitcore.training import events, runs

ENDED_AT_ONCE = "Force-stopped on the Train page."


def killed_by(number: int) -> str:
    """Why a process ended that the signal of this number killed, and nobody here sent it."""
    killed = f"Process killed ({_named(number)})"
    if number == getattr(signal, "SIGKILL", None):
        return f"{killed}, possibly out of memory."
    return f"{killed}."


def say_killed(folder: Path, why: str) -> None:
    """Write the end that a run could not write; nothing where it did write one, or is gone.

    Args:
        folder: the run's.
        why: one sentence.
    """
    if not (folder / runs.DESCRIPTION).is_file():
        return
    if [event["event"] for event in events.read(folder)[0][-1:]] == ["end"]:
        return
    with suppress(OSError), closing(events.EventLog(folder)) as log:
        log("end", state="interrupted", reason=why, step=runs.read_run(folder).step)


def _named(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one without a name
        return f"signal {number}"
