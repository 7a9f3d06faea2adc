"""The command `train`: from its options to a run, by one process or several together."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from vitcore import cache
from vitcore.cli import train_options
from vitcore.config import RECIPES, TrainConfig
from vitcore.messages import unusable_folder
from vitcore.training import runs, train_state
from vitcore.training.control import LIFELINE, Control, write_control
from vitcore.training.distributed import ProcessGroup, join
from vitcore.training.run_files import STATE


def add_options(parser: argparse.ArgumentParser, folder: Callable[[str], Path]) -> None:
    """Give a parser the options of `train`; `folder` reads those that name one."""
    train_options.add(parser)
    parser.add_argument(
        "--run-dir", type=folder, help="run folder (default: a new one in the cache)"
    )
    parser.add_argument("--resume", action="store_true", help="resume from the last checkpoint")
    # For a program that describes and steers the run, and may have it tried on several machines.
    parser.add_argument("--attempt", action="store_true", help=argparse.SUPPRESS)
    together = parser.add_argument_group(
        "multiple processes (KERAS_BACKEND=jax)",
        "Start the same command once per process; process 0 writes the run folder.",
    )
    together.add_argument(
        "--processes", type=int, help="number of processes (1: all local devices)"
    )
    together.add_argument("--process", type=int, help="index of this process, from 0")
    together.add_argument(
        "--coordinator", help="HOST:PORT of process 0 (default: JAX_COORDINATOR_ADDRESS)"
    )


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Train as the options say, with `hold` and `trainers` of `vitcore.cli.main.main` in them.

    Returns:
        How it ended.
    """
    group, interrupts = _group(options), _Interrupts()
    try:
        result = _train(options, group, interrupts)
    except (Exception, KeyboardInterrupt) as error:
        if group.count == 1 or group.all_know(error):
            raise
        # Leaving in the common way JAX would wait for the others, then abort with a stack trace.
        if isinstance(error, (OSError, ValueError)):
            print(f"error: {error}", file=sys.stderr, flush=True)
        else:
            traceback.print_exc()
        os._exit(2)
    if interrupts.heard == signal.SIGINT:  # so that what a shell was to do next is not done
        raise KeyboardInterrupt
    if interrupts.heard:
        raise SystemExit(128 + interrupts.heard)
    return result


class _Interrupts:
    """Ctrl-C or SIGTERM while a run trains: a stop, which saves; a second one acts as ever.

    SIGTERM is what Slurm, Kubernetes and `docker stop` send.
    """

    USUAL: ClassVar[dict[int, Any]] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }

    def __init__(self) -> None:
        self.heard = 0  # the signal

    @contextmanager
    def stopping(self, control: Control) -> Iterator[None]:
        """Hear them inside; not where ignored, or meant for whoever called this program."""
        in_main = threading.current_thread() is threading.main_thread()
        ours = [one for one, usual in self.USUAL.items() if signal.getsignal(one) is usual]

        def act_as_ever() -> None:
            for one in ours:
                signal.signal(one, self.USUAL[one])

        def hear(number: int, _: object) -> None:
            act_as_ever()
            self.heard = number
            control.lost |= number == signal.SIGTERM
            control.stop()
            with suppress(OSError):  # not print: this may have come in the middle of one
                os.write(2, b"\nStopping and saving. Press Ctrl-C again to quit now.\n")

        for one in ours if in_main else ():
            signal.signal(one, hear)
        try:
            yield
        finally:
            if in_main:
                act_as_ever()


def _group(options: argparse.Namespace) -> ProcessGroup:
    if options.processes is None:
        if options.process is not None or options.coordinator is not None:
            raise ValueError("--process and --coordinator need --processes")
        return ProcessGroup()
    return join(options.processes, options.process, options.coordinator)


def _train(
    options: argparse.Namespace, group: ProcessGroup, interrupts: _Interrupts
) -> dict[str, Any]:
    prepared = group.share(lambda: _prepare(options))
    folder, config = Path(prepared["folder"]), TrainConfig.from_dict(prepared["config"])
    group.check(_contradiction(options, config))
    control = Control(folder, group.rest)
    if group.leads:
        options.hold(control)  # before the slow imports too: the owner may be gone by then
    with interrupts.stopping(control):
        from vitcore.training.loop import Run

        try:
            run = Run(
                folder,
                config,
                resume=options.resume,
                control=control,
                data_dir=options.data_dir,
                notice=_say_event_if_possible,
                group=group,
                trainers=options.trainers,
            )
        except (OSError, ValueError):
            if group.leads and prepared["new"]:
                _withdraw(folder)
            raise
        state = run.train()
    return {"state": state, "steps": run.progress.step, "folder": str(folder)}


def _prepare(options: argparse.Namespace) -> dict[str, Any]:
    """What is to be trained, and the folder, described."""
    given = train_options.given(options)
    if options.resume and options.run_dir is None:
        raise ValueError("--resume needs --run-dir")
    before = runs.read_run(options.run_dir).config if options.resume else None
    if before is not None and options.recipe is None:
        config = before.replace(**given)  # what is not named again stays as it was
    else:
        config = train_options.changed(RECIPES[options.recipe or "standard"], given)
    if before is not None:
        config.check_goes_on(before)
    if options.resume:
        if not options.attempt:
            _check_nobody_trains_it(options.run_dir)
        _check_resumable(options.run_dir, config)

    # Who holds our lifeline made the folder; where it is gone, somebody has deleted it.
    if os.environ.get(LIFELINE) == "1" and options.run_dir and not options.run_dir.is_dir():
        raise ValueError("the run folder was deleted")
    new = options.run_dir is None or not options.run_dir.exists()
    try:
        folder = options.run_dir or runs.new_folder()
        # Not run.json: whoever started this process may have described the run already.
        if not options.resume and (folder / "events.jsonl").exists():
            raise ValueError(f"{folder} already has a run. Add --resume or use another folder")
        if not options.attempt:
            runs.write_description(folder, config)  # before the slow imports: it is seen at once
    except OSError as error:
        named = options.run_dir or cache.runs_home()
        instead = "--run-dir" if options.run_dir else "VITCORE_HOME or --run-dir"
        raise ValueError(unusable_folder(named, error, instead=instead)) from None

    if options.resume and not options.attempt:
        write_control(folder, "run")  # else it would find the stop that ended it
    return {"folder": str(folder), "config": config.to_dict(), "new": new}


def _withdraw(folder: Path) -> None:
    """Nothing that looks like a run stays of one that was refused before it began."""
    (folder / runs.DESCRIPTION).unlink(missing_ok=True)
    with suppress(OSError):  # it holds something, or is gone
        folder.rmdir()


def _check_nobody_trains_it(folder: Path) -> None:
    """Two processes in one folder would write over what each other has learned."""
    run = runs.read_run(folder)
    # Whoever started this process may have put its number there, or that of what it was put into.
    if run.state == "running" and run.pid not in (os.getpid(), os.getppid()):
        raise ValueError(f"process {run.pid} is training {folder}. Stop it or wait until it ends")


def _check_resumable(folder: Path, config: TrainConfig) -> None:
    """What would be refused later is refused before anything in the folder is changed."""
    if not any((folder / name).is_file() for name in (runs.DESCRIPTION, STATE)):
        raise ValueError(f"no run to resume in {folder}. Use a run folder, or omit --resume")
    found = train_state.last_checkpoint(folder)
    if found is not None:
        config.check_goes_on(found[0])


def _contradiction(options: argparse.Namespace, config: TrainConfig) -> str:
    """Where what is said to another process than the first is not what is trained, or ""."""
    given = train_options.given(options)
    if options.recipe is not None:
        given["recipe"] = options.recipe
    odd = [
        f"{name} ({getattr(config, name)} and {value})"
        for name, value in given.items()
        if getattr(config, name) != value
    ]
    return f"processes have different configurations: {', '.join(odd)}" if odd else ""


def _say_event_if_possible(event: dict[str, Any]) -> None:
    """Say it, unless standard error is a file on a full disk."""
    with suppress(OSError):
        _say_event(event)


def _say_event(event: dict[str, Any]) -> None:
    if event["event"] == "start" and event["step"]:
        text = f"Resuming from checkpoint at step {event['step']:,} / {event['steps']:,}"
        print(text, file=sys.stderr, flush=True)
    elif event["event"] == "step":
        text = (
            f"\rstep {event['step']:,}  epoch {event['epoch']:.2f}  loss {event['loss']:.3f}  "
            f"acc {event['accuracy']:.1%}  {event['images_per_second']:.0f} images/s  "
        )
        print(text, end="", file=sys.stderr, flush=True)
    elif event["event"] == "validation":
        text = f"\nvalidation at step {event['step']:,}: loss {event['loss']:.3f}, "
        print(f"{text}accuracy {event['accuracy']:.1%}", file=sys.stderr, flush=True)
    elif event["event"] == "paused" and "reason" in event:
        text = f"\npaused after step {event['step']:,}: {event['reason']}"
        print(f"{text} Training continues when space is available.", file=sys.stderr, flush=True)
    elif event["event"] == "end":
        print(f"\n{event['reason']}", file=sys.stderr, flush=True)
