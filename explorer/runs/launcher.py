"""Where the process of a run comes from: one that waits for it where there is any, or a new one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer import cluster
from explorer.runs.standby_process import Spare, give_way
from vitcore.messages import os_error_reason
from vitcore.training.control import LIFELINE

ROOT = Path(__file__).resolve().parents[2]
# -P: a folder that the server happens to stand in must not lend the run its modules.
VITCORE = (sys.executable, "-P", "-m", "vitcore")
_ON_CLUSTER = (sys.executable, "-P", "-m", "explorer.runs.cluster_process")


class Launcher:
    """Begins processes that train.

    Args:
        program: what trains, without its arguments; by default this Python with `-m vitcore`, or
            on the cluster where there is one.
    """

    def __init__(self, program: Sequence[str] | None = None) -> None:
        self._on_cluster = not program and bool(cluster.address())
        self._program = list(program or (_ON_CLUSTER if self._on_cluster else VITCORE))
        # It imports what vitcore needs.
        self._spare = None if program or self._on_cluster else Spare()

    def begin(self, arguments: list[str], log: Path, *, keep: bool) -> subprocess.Popen:
        """Begin a process; it stops by itself when its stdin closes, unless it has none.

        Args:
            arguments: of the program.
            log: the file to which it says what it has to say.
            keep: it is to go on when the server ends.

        Raises:
            OSError: if the log cannot be written.
            RuntimeError: if the program does not start; the message says why.
            ClusterError: if there is no cluster to start it on.
        """
        if self._on_cluster:
            cluster.check()
        if self._spare is not None:
            self._spare.prepare(_environment(keep=False))
            if (process := self._spare.take(arguments, log, keep=keep)) is not None:
                return process
        with open(log, "ab") as file:
            try:
                process = subprocess.Popen(
                    self._program + arguments,
                    stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=_environment(keep=keep),
                    # Ctrl-C is for the server: the run hears of it through its pipe.
                    start_new_session=os.name == "posix",
                )
            except OSError as error:
                why = f"{self._program[0]} could not be started: {os_error_reason(error)}"
                raise RuntimeError(why) from error
        give_way(process)
        return process

    def take_back(self, process: subprocess.Popen, *, seconds: float) -> bool:
        """Have a process whose run ended well wait for the next one; whether it does.

        Args:
            process: one that lives.
            seconds: since its run ended.
        """
        return self._spare is not None and self._spare.take_back(process, seconds=seconds)

    def prepare(self) -> None:
        """Have a process ready for the next run, without waiting for it."""
        if self._spare is not None:
            self._spare.prepare(_environment(keep=False))

    def close(self) -> None:
        """End the process that no run has taken."""
        if self._spare is not None:
            self._spare.close()


def _environment(*, keep: bool) -> dict[str, str]:
    """Ours, with the repository on the path, whatever folder the server stands in."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        LIFELINE: "" if keep else "1",
    }
