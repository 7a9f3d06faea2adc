"""Training processes of this server: started, watched and stopped through their run folders."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO

from explorer.run_progress import Follower, Progress
from vitcore.config import TrainConfig
from vitcore.sentences import cannot_use, reason
from vitcore.training import runs
from vitcore.training.control import FILE_NAME as CONTROL
from vitcore.training.control import LIFELINE, write_control
from vitcore.training.events import END_STATES
from vitcore.training.runs import Run

ROOT = Path(__file__).resolve().parent.parent
MOST_AT_ONCE = 2  # training runs share the processor with the model that answers the pages
MOST_FOLLOWED = 16


class RunRefusedError(ValueError):
    """A run that is not started; the message says why, in one or two sentences."""


class Jobs:
    """Start, watch and stop training runs. Safe to use from many sessions at once.

    What is known about a run is read from its folder, so runs of other processes and of an
    earlier server are seen too. Kept here is only the pipe to each process of this server:
    the process stops by itself when the pipe closes, that is, however this server ends.

    Args:
        root: folder of the runs; by default the user's, looked up at each call.
        program: what trains, without its arguments; by default this Python with `-m vitcore`.
    """

    def __init__(
        self, root: str | Path | None = None, *, program: Sequence[str] | None = None
    ) -> None:
        self._root = Path(root) if root is not None else None
        # -P: a folder that the server happens to stand in must not lend the run its modules.
        self._program = list(program or (sys.executable, "-P", "-m", "vitcore"))
        self._processes: dict[str, subprocess.Popen] = {}
        self._followers: dict[str, Follower] = {}
        self._lock = threading.RLock()

    def runs(self) -> list[Run]:
        """All runs on this machine, newest first."""
        self._collect()
        return runs.list_runs(self._root)

    def refusal(self) -> str:
        """Why no run can be started now, or ""."""
        listed = self.runs()
        busy = [run.name for run in listed if run.state == "running"]
        ended = [run.name for run in listed if run.state in END_STATES]
        with self._lock:  # whose folder was deleted or damaged meanwhile trains all the same
            busy += [name for name in self._processes if name not in (*busy, *ended)]
        if len(busy) < MOST_AT_ONCE:
            return ""
        names = " and ".join(busy)
        return f"{len(busy)} runs are training already: {names}. Stop one, or wait until it ends."

    def start(self, config: TrainConfig) -> str:
        """Start a run in a process of its own.

        Returns:
            Its name.

        Raises:
            RunRefusedError: while the most allowed are running, or if nothing can be written.
        """
        with self._lock:
            if why := self.refusal():
                raise RunRefusedError(why)
            root = self._root or runs.runs_home()
            try:
                folder = runs.new_folder(root)
                write_control(folder, "run")
                with open(folder / runs.LOG, "wb") as log:
                    self._processes[folder.name] = process = self._begin(config, folder, log)
                # Until the process describes itself, so that the run is never without an owner.
                runs.write_description(folder, config, pid=process.pid)
            except OSError as error:
                why = cannot_use(root, error, instead="VITCORE_HOME")
                raise RunRefusedError(f"The run could not be started: {why}.") from error
            return folder.name

    def _begin(self, config: TrainConfig, folder: Path, log: BinaryIO) -> subprocess.Popen:
        try:
            return subprocess.Popen(
                self._program + _arguments(config, folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                # Ctrl-C is for the server: the run hears of it through its pipe.
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)  # else it would be listed as damaged
            why = f"{self._program[0]} does not start: {reason(error)}"
            raise RunRefusedError(f"The run could not be started: {why}.") from error

    def stop(self, name: str) -> None:
        """Ask a run to stop at its next step. Its weights are kept."""
        write_control(self._folder(name), "stop")

    def end_now(self, name: str) -> bool:
        """End the process of a run that does not stop; what it last saved is kept.

        Returns:
            False where this server did not start it.
        """
        with self._lock:
            process = self._processes.get(name)
        if process is None:
            return False
        process.kill()
        process.wait()
        self._collect()
        return True

    def delete(self, name: str) -> None:
        """Delete a run and its folder.

        Raises:
            ValueError: while it is running.
        """
        self._collect()
        runs.delete_run(self._folder(name))
        with self._lock:
            self._followers.pop(name, None)

    def progress(self, name: str) -> Progress | None:
        """How far a run is, with its curves, or None where there is no such run.

        Only what was written since the last call is read.
        """
        self._collect()
        folder = self._folder(name)
        if not folder.is_dir():
            return None
        run = runs.read_run(folder)
        with self._lock:
            follower = self._followers.pop(name, None) or Follower(folder)
            self._followers[name] = follower  # the last one used stands last
            while len(self._followers) > MOST_FOLLOWED:
                self._followers.pop(next(iter(self._followers)))
            follower.catch_up()
            leaving = run.state == "stopped" and name in self._processes
            return follower.progress(
                run, stopping=leaving or _word(folder) == "stop", leaving=leaving
            )

    def close(self) -> None:
        """Let go of all processes; each saves and leaves. For tests: a server just ends."""
        with self._lock:
            for process in self._processes.values():
                process.stdin.close()
                process.wait()
            self._processes.clear()

    def _folder(self, name: str) -> Path:
        if not name or name != Path(name).name or name.startswith("."):
            raise ValueError(f"name must be that of a run, without a path, got {name!r}")
        return (self._root or runs.runs_home()) / name

    def _collect(self) -> None:
        """Take note of ended processes; uncollected ones stay in the system's table."""
        with self._lock:
            for name, process in list(self._processes.items()):
                if process.poll() is not None:
                    process.stdin.close()
                    del self._processes[name]


@cache
def server_jobs() -> Jobs:
    """The one of this server process.

    Not a Streamlit resource: clearing Streamlit's caches would close the pipes, and end runs.
    """
    return Jobs()


def _arguments(config: TrainConfig, folder: Path) -> list[str]:
    values = {
        "data": config.data,
        "preset": config.preset,
        "recipe": config.recipe,
        "epochs": f"{config.epochs:g}",
        "learning-rate": f"{config.learning_rate:g}",
        "seed": config.seed,
        "run-dir": folder.resolve(),
    }
    return ["train", *(f"--{name}={value}" for name, value in values.items())]


def _environment() -> dict[str, str]:
    """Ours, with the repository on the path, whatever folder the server stands in."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        LIFELINE: "1",
    }


def _word(folder: Path) -> str:
    try:
        return (folder / CONTROL).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
