"""A run on a cluster: the process here that stands for it, and its attempts on the workers.

`python -m explorer.runs.cluster_process` takes the arguments of `python -m vitcore`, and has a
worker run that. It lives as long as the run does, so that it is watched, ended and tied to its
server like any run; the rest goes by the files of the run's folder. A worker that is lost takes
its attempt along: dask makes another elsewhere, which goes on from the last checkpoint.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from explorer import cluster
from explorer.runs.launcher import VITCORE, Launcher
from vitcore.training import events, runs
from vitcore.training.control import LIFELINE

_LOOK = 0.2  # seconds between two looks at whether an attempt goes on
_GRACE = 5.0  # seconds for one that is not wanted any more; it takes two to save by itself


def main(arguments: list[str]) -> int:
    """Have a worker train; returns the exit status, or ends as the process there was ended."""
    if os.environ.get(LIFELINE) == "1":
        threading.Thread(target=_end_with_server, daemon=True).start()
    folder = Path(next(one for one in arguments if one.startswith("--run-dir=")).split("=", 1)[1])
    while folder.is_dir() and not _describes(folder, os.getpid()):
        time.sleep(_LOOK)  # whoever started this process is about to
    try:
        with cluster.connect() as client:
            near = client.get_executor(
                pure=False, workers=[cluster.least_busy(client)], allow_other_workers=True
            )
            status = near.submit(attempt, arguments, str(folder), os.getpid()).result()
    except Exception as error:
        print("error:", str(error) or type(error).__name__, file=sys.stderr)
        return 2
    if status < 0:
        os.kill(os.getpid(), -status)
    return status


def _end_with_server() -> None:
    """End when stdin does: dask then drops what this process asked for, and its worker sees it."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    os._exit(1)


def _describes(folder: Path, process: int) -> bool:
    return runs.read_run(folder).pid == process


def attempt(arguments: list[str], folder: str, stands_for: int) -> int:
    """Train in a process of this worker, from the last checkpoint on where there was an attempt.

    Args:
        arguments: of `python -m vitcore`.
        folder: the run's.
        stands_for: number of the process, on the server, that stands for the run.

    Returns:
        The exit status.
    """
    from distributed import Reschedule, get_worker, secede

    worker, path = get_worker(), Path(folder)
    key = worker.get_current_task()
    secede()  # the worker serves others meanwhile
    if (config := runs.read_run(path).config) is None:  # deleted meanwhile
        return 2
    if (path / events.FILE_NAME).exists() and "--resume" not in arguments:
        arguments = [*arguments, "--resume"]
    events.go_on(path)
    runs.write_description(path, config, pid=stands_for)
    mine = runs.read_run(path).started
    process = Launcher(VITCORE).begin([*arguments, "--attempt"], path / runs.LOG, keep=False)
    while (status := process.poll()) is None:
        time.sleep(_LOOK)
        if runs.read_run(path).started > mine:  # another worker trains it: this one counts as lost
            process.kill()
        elif not _is_wanted(worker, key):
            _end(process)
            raise Reschedule  # where the worker leaves, and the run is still wanted
    process.stdin.close()
    return status


def _is_wanted(worker: Any, key: str) -> bool:
    """Whether somebody waits for a task of a worker that is to stay."""
    from distributed.core import Status

    task = worker.state.tasks.get(key)
    return (
        worker.status in (Status.running, Status.paused)
        and task is not None
        and task.state in ("executing", "long-running")
    )


def _end(process: subprocess.Popen) -> None:
    """Let it save and end, as when its server is gone."""
    process.stdin.close()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
