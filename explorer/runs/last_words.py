"""What is said of a run whose process was killed and could not say it; files only."""

import signal
from contextlib import closing, suppress
from pathlib import Path

from vitcore.training import events, runs


def say_killed(folder: Path, number: int) -> None:
    """Write the end that a run could not write; nothing where it did write one, or is gone.

    Args:
        folder: the run's.
        number: of the signal that ended its process.
    """
    if not (folder / runs.DESCRIPTION).is_file():
        return
    if [event["event"] for event in events.read(folder)[0][-1:]] == ["end"]:
        return
    why = f"Its process was ended from outside, by {_named(number)}"
    if number == getattr(signal, "SIGKILL", None):
        why += ": by a person, or by the system where memory ran out"
    with suppress(OSError), closing(events.EventLog(folder)) as log:
        log("end", state="interrupted", reason=f"{why}.", step=runs.read_run(folder).step)


def _named(number: int) -> str:
    try:
        return f"the signal {signal.Signals(number).name}"
    except ValueError:  # one without a name
        return f"signal {number}"
