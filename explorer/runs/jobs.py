"""Training processes of this server: started, watched and stopped through their run folders."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Container, Sequence
from contextlib import closing, suppress
from copy import copy
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

from explorer.cluster import ClusterError
from explorer.runs import rights
from explorer.runs.launcher import Launcher
from explorer.runs.progress import Follower, Progress
from explorer.runs.queue import FULL, LONGEST, Queued, RunQueue
from explorer.runs.rights import OPERATOR, Visitor
from explorer.text.language import N_, tr
from vitcore.cli import train_options
from vitcore.config import TrainConfig
from vitcore.messages import os_error_reason, unusable_folder
from vitcore.regular_files import read_regular
from vitcore.training import events, run_files, runs
from vitcore.training.control import FILE_NAME as CONTROL
from vitcore.training.control import write_control
from vitcore.training.events import END_STATES
from vitcore.training.processes import end_process
from vitcore.training.runs import Run

AT_ONCE = "VITCORE_RUNS_AT_ONCE"  # environment variable; training runs share the processor
MOST_AT_ONCE = 2  # where it says nothing
MOST_FOLLOWED = 16
ENDED_AT_ONCE = N_("Force-stopped on the Train page.")  # in its log, as the next
OUT_OF_MEMORY = N_("Process killed (SIGKILL), possibly out of memory.")
_GONE = N_("Run {run} no longer exists.")


class RunRefusedError(ValueError):
    """A run that is not started; the message says why, in one or two sentences.

    In the language of the page, where it is asked for; its argument is in English.
    """

    def __init__(self, message: str, **values: str | int) -> None:
        super().__init__(message.format(**values))
        self._message, self._values = message, values

    def __str__(self) -> str:
        return tr(self._message, **self._values)


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
        self._launcher = Launcher(program)
        self._processes: dict[str, subprocess.Popen] = {}
        self._followers: dict[str, Follower] = {}
        self._lock = threading.RLock()
        self.visitor = OPERATOR
        self.queue = RunQueue(self._launch_if_room, self._home)

    def of(self, visitor: Visitor) -> Self:
        """The same runs and queue, as a visitor may change them."""
        one = copy(self)
        one.visitor = visitor
        return one

    def check_owner(self, name: str) -> None:
        """Refuse what would change another visitor's run.

        Raises:
            RunRefusedError: if it is one.
        """
        if not self.visitor.owns(self._folder(name)):
            raise RunRefusedError(rights.NOT_YOURS, run=name)

    def limit(self, config: TrainConfig) -> str:
        """Why the visitor may not start such a run, or ""."""
        try:
            self._check_limit(config)
        except RunRefusedError as error:
            return str(error)
        return ""

    def _check_limit(self, config: TrainConfig) -> None:
        if self.visitor.operates:
            return
        if found := rights.limit(self.visitor, config, self.runs(), self.queue()):
            raise RunRefusedError(found[0], **found[1])

    def runs(self) -> list[Run]:
        """All runs on this machine, newest first."""
        self._collect()
        return runs.list_runs(self._root)

    def refusal(self) -> str:
        """Why no run can be started now, or ""."""
        if len(busy := self._busy()) < most_at_once():
            return ""
        names = ", ".join(busy)
        if len(busy) == 1:
            return tr("1 run is active: {names}. Stop one or wait.", names=names)
        return tr(
            "{count} runs are active: {names}. Stop one or wait.", count=len(busy), names=names
        )

    def _busy(self) -> list[str]:
        """The runs that train."""
        listed = self.runs()
        busy = [run.name for run in listed if run.state == "running"]
        ended = [run.name for run in listed if run.state in END_STATES]
        with self._lock:  # whose folder was deleted or damaged meanwhile trains all the same
            busy += [name for name in self._processes if name not in (*busy, *ended)]
        return busy

    def _is_full(self) -> bool:
        return len(self._busy()) >= most_at_once()

    def start(self, config: TrainConfig, *, keep: bool = False) -> str | Queued:
        """Start a run in a process of its own, or let it wait until there is room.

        Args:
            config: what is to be trained.
            keep: the run is to go on when the server ends.

        Returns:
            Its name, or its place in `queue`.

        Raises:
            RunRefusedError: if too many wait, nothing can be written, or it is more than a visitor
                may ask for.
        """
        keep, owner = keep and self.visitor.operates, self.visitor.name
        with self._lock:
            self._check_limit(config)
            if not self.queue() and not self._is_full():
                return self._launch(config, keep, owner)
            try:
                return self.queue.add(config, keep=keep, owner=owner)
            except ValueError:
                raise RunRefusedError(FULL, count=LONGEST) from None

    def prepare(self) -> None:
        """Have a process ready that has imported what a run needs, unless runs need the cores.

        None for a visitor who may not train: it takes 600 MB.
        """
        with self._lock:
            may_train = self.visitor.operates or not rights.is_off("training")
            if may_train and not self._processes:
                self._launcher.prepare()

    def _launch_if_room(self, one: Queued) -> str | None:
        with self._lock:
            if self._is_full():
                return None
            if not one.resumes:
                return self._launch(one.config, one.keep, one.owner)
            self._go_on_with(self._resumable(one.resumes), one.keep)
            return one.resumes

    def _launch(self, config: TrainConfig, keep: bool, owner: str) -> str:
        root, folder = self._home(), None
        with self._lock:
            try:
                folder = runs.new_folder(root)
                write_control(folder, "run")
                rights.set_owner(folder, owner)
                arguments = [*train_options.arguments(config), f"--run-dir={folder.resolve()}"]
                self._open(folder, config, arguments, keep=keep)
            except OSError as error:
                if folder is not None:
                    self._take_back(folder)
                why = unusable_folder(root, error, instead="VITCORE_HOME")
                raise RunRefusedError(N_("Run not started: {why}."), why=why) from error
            return folder.name

    def _take_back(self, folder: Path) -> None:
        """End and delete a run that could not be described, the disk being full."""
        if (process := self._processes.pop(folder.name, None)) is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        shutil.rmtree(folder, ignore_errors=True)  # else it would be listed as damaged

    def resume(self, name: str, *, keep: bool = False) -> str | Queued:
        """Let a run that was stopped, interrupted or failed go on from its last checkpoint.

        Returns:
            Its name, or its place in `queue` where there is no room yet.

        Raises:
            RunRefusedError: if it is running or damaged, saved nothing, is another visitor's, or
                too many wait.
        """
        self.check_owner(name)
        keep = keep and self.visitor.operates
        with self._lock:
            run = self._resumable(name)
            self._check_limit(run.config)
            if self.queue() or self._is_full():
                try:
                    return self.queue.add(
                        run.config, keep=keep, resumes=name, owner=self.visitor.name
                    )
                except ValueError:
                    raise RunRefusedError(FULL, count=LONGEST) from None
            self._go_on_with(run, keep)
            return name

    def _resumable(self, name: str) -> Run:
        self._collect()
        if not (folder := self._folder(name)).is_dir():
            raise RunRefusedError(_GONE, run=name)
        run = runs.read_run(folder)
        if run.state == "running" or name in self._processes:
            raise RunRefusedError(N_("{run} is already running."), run=name)
        if run.config is None or not self.can_resume(run):
            raise RunRefusedError(N_("{run} has no checkpoint to resume from."), run=name)
        return run

    def _go_on_with(self, run: Run, keep: bool) -> None:
        try:
            write_control(run.folder, "run")
            events.go_on(run.folder)
            arguments = ["--resume", f"--run-dir={run.folder.resolve()}"]
            self._open(run.folder, run.config, arguments, keep=keep)
        except OSError as error:
            message = N_("{run} could not be resumed: {why}.")
            why = os_error_reason(error)
            raise RunRefusedError(message, run=run.name, why=why) from error

    @staticmethod
    def gone(name: str) -> str:
        """What is said of a run that is not there any more."""
        return tr(_GONE, run=name)

    def can_resume(self, run: Run) -> bool:
        """Whether an ended run has more to do, and what it needs for that."""
        ended = run.state in ("stopped", "interrupted", "failed")
        return ended and (run.folder / run_files.STATE).is_file()

    def _open(self, folder: Path, config: TrainConfig, arguments: list[str], *, keep: bool) -> None:
        try:
            process = self._launcher.begin(["train", *arguments], folder / runs.LOG, keep=keep)
        except (RuntimeError, ClusterError) as error:
            if not (folder / runs.DESCRIPTION).exists():
                shutil.rmtree(folder, ignore_errors=True)  # else it would be listed as damaged
            if isinstance(error, ClusterError):
                raise RunRefusedError(error.message, **error.values) from error
            raise RunRefusedError(N_("Run not started: {why}."), why=str(error)) from error
        self._processes[folder.name] = process
        # Until the process describes itself, so that the run is never without an owner.
        runs.write_description(folder, config, pid=process.pid)

    def stop(self, name: str) -> None:
        """Ask a run to stop at its next step. Its weights are kept."""
        self.check_owner(name)
        write_control(self._folder(name), "stop")

    def pause(self, name: str) -> None:
        """Ask a run to wait after its next step."""
        self._tell(name, "pause")

    def go_on(self, name: str, *, pace: int = 0) -> None:
        """Let a paused run go on; at most `pace` steps a second, 0 means as many as it can."""
        self._tell(name, f"run {pace}" if pace else "run")

    def one_step(self, name: str) -> None:
        """Let a run take one more step, and wait."""
        self._tell(name, f"step {_ticket()}")

    def one_epoch(self, name: str) -> None:
        """Let a run go on to the end of its epoch, and wait."""
        self._tell(name, f"epoch {_ticket()}")

    def _tell(self, name: str, word: str) -> None:
        """Say a word, unless a stop was asked for: one press can change two controls at once."""
        self.check_owner(name)
        if _word(folder := self._folder(name)) != "stop":
            write_control(folder, word)

    def end_now(self, name: str) -> str:
        """End the process of a run that does not stop; what it last saved is kept.

        Returns:
            Why that cannot be done, in one sentence, or "".
        """
        self.check_owner(name)
        with self._lock:  # else another page's look could say first that something killed it
            process = self._processes.get(name)
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
                record_killed(self._folder(name), ENDED_AT_ONCE)
        if process is None:
            return self._end_of_another_server(self._folder(name))
        self._collect()
        return ""

    def _end_of_another_server(self, folder: Path) -> str:
        run = runs.read_run(folder)
        if run.state != "running":
            return ""
        files = folder / events.FILE_NAME, folder / runs.LOG
        if end_process(run.pid, run.started, holding=files):
            record_killed(folder, ENDED_AT_ONCE)
        elif runs.read_run(folder).state == "running":
            return tr(
                "{run} was not stopped: this server did not start process {process}. "
                "Stop it where it was started.",
                run=run.name,
                process=run.pid,
            )
        return ""

    def delete(self, name: str) -> None:
        """Delete a run and its folder.

        Raises:
            ValueError: while it is running, or if it is another visitor's.
        """
        self.check_owner(name)
        self._collect()
        runs.delete_run(self._folder(name))
        self.queue.forget(name)
        with self._lock:
            self._followers.pop(name, None)

    def rename(self, name: str, new: str, *, taken: Container[str] = ()) -> str:
        """Give a run another name.

        Returns:
            It, without spaces that say nothing.

        Raises:
            ValueError: while it is running, if it is another visitor's, or if the name is taken or
                cannot be one.
        """
        self.check_owner(name)
        self._collect()
        with self._lock:
            if name in self._processes:
                raise ValueError(f"{name} is running; stop it first")
            folder = run_files.rename(self._folder(name), new, taken=taken)
            self.queue.rename(name, folder.name)
            self._followers.pop(name, None)
            return folder.name

    def leave_queue(self, ticket: int) -> None:
        """Take a run of the visitor out of the queue; nothing where it has begun or is gone."""
        if any(one.ticket == ticket and self.visitor.is_named(one.owner) for one in self.queue()):
            self.queue.remove(ticket)

    def archive(self, name: str, *, with_state: bool = False) -> BinaryIO:
        """A run as a zip, in a temporary file that is gone once it is closed.

        Raises:
            OSError: if it cannot be written.
        """
        file = tempfile.TemporaryFile(prefix="vitcore-")  # noqa: SIM115 - the reader closes it
        try:
            run_files.archive(self._folder(name), file, with_state=with_state)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

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
            if follower.paused_at > run.step:  # it paused between the two looks
                run = runs.read_run(folder)
            leaving = run.state == "stopped" and name in self._processes
            return follower.progress(run, word=_word(folder), leaving=leaving)

    def close(self) -> None:
        """Let go of all processes; each saves and leaves. For tests: a server just ends."""
        self.queue.close()
        with self._lock:
            self._launcher.close()
            for process in self._processes.values():
                if process.stdin is not None:  # else it was started to go on
                    process.stdin.close()
                    process.wait()
            self._processes.clear()

    def _home(self) -> Path:
        return self._root or runs.runs_home()

    def _folder(self, name: str) -> Path:
        if not name or name != Path(name).name or name.startswith("."):
            raise ValueError(f"name must be that of a run, without a path, got {name!r}")
        return self._home() / name

    def _collect(self) -> None:
        """Take note of ended processes; uncollected ones stay in the system's table."""
        with self._lock:
            ended = [name for name, one in self._processes.items() if self._is_done(name, one)]
            for name in ended:
                process = self._processes.pop(name)
                if process.returncode is None:  # it waits for the next run
                    continue
                if process.stdin is not None:
                    process.stdin.close()
                if process.returncode < 0:
                    record_killed(self._folder(name), killed_by(-process.returncode))
            if ended:
                self.prepare()

    def _is_done(self, name: str, process: subprocess.Popen) -> bool:
        """Whether the process of a run has ended, or has been taken back for the next one."""
        if process.poll() is not None:
            return True
        run = runs.read_run(self._folder(name))
        ended_well = run.ended and run.state in ("finished", "stopped", "damaged")
        return bool(ended_well) and self._launcher.take_back(
            process, seconds=time.time() - run.ended
        )


@cache
def server_jobs() -> Jobs:
    """The one of this server process.

    Not a Streamlit resource: clearing Streamlit's caches would close the pipes, and end runs.
    """
    return Jobs()


def most_at_once() -> int:
    """How many runs may train at the same time on this machine."""
    given = os.environ.get(AT_ONCE, "").strip()
    return int(given) if given.isdecimal() and int(given) else MOST_AT_ONCE


def _ticket() -> int:
    """When a wish was made, in nanoseconds since 1970: no earlier wish had it."""
    return time.time_ns()


def _word(folder: Path) -> str:
    """What a run was told last."""
    try:
        return read_regular(folder / CONTROL).decode().strip()
    except (OSError, ValueError):
        return ""


def killed_by(number: int) -> str:
    """Why a process ended that the signal of this number killed, and nobody here sent it."""
    if number == getattr(signal, "SIGKILL", None):
        return OUT_OF_MEMORY
    return f"Process killed ({_named(number)})."


def record_killed(folder: Path, why: str) -> None:
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
