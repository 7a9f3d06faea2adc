"""Kill training at random moments: `python -m tests.bench.kills [--times 50]`; posix only.

Each process is a fork of one that has imported everything, so that a start costs no imports.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from safetensors.numpy import load_file

from tests.vitcore.small_models import small_config
from vitcore import checkpoints
from vitcore.cli import train_options
from vitcore.config import PRESETS, TrainConfig
from vitcore.training import events, runs, snapshots
from vitcore.training.train_state import STATE, saved_progress

PRESETS["smallest"] = small_config(depth=1, dropout=0.1, attention_dropout=0.1, pooling="class")
# Past step 128 a point of the curve is the mean of two steps, and an epoch has an odd number.
CONFIG = TrainConfig(
    data="sketch10", preset="smallest", steps=150, batch_size=8, num_sketches=56,
    validation_split=0.25, ema_decay=0.9, patch_sizes=(16,), seed=3,
)  # fmt: skip
SAVES = 3  # each so many-th kill comes while a checkpoint is half written
SILENT = ("time", "images_per_second")  # what a curve need not have in common with another


class BrokenPromiseError(Exception):
    """What must hold after a kill does not."""


def begin(config: TrainConfig, folder: Path, *, dies_at_save: int = 0) -> int:
    """Start or resume a run as its command does; returns the process."""
    if process := os.fork():
        return process
    code = 1
    try:
        log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if dies_at_save:
            _die_at(dies_at_save)
        from vitcore.cli.main import main
        from vitcore.training import loop

        loop._EVENT_SECONDS = 0.0  # every step is told
        again = ["--resume"] if (folder / runs.DESCRIPTION).exists() else []
        code = main(["train", *train_options.arguments(config), *again, f"--run-dir={folder}"])
    except BaseException:
        traceback.print_exc()
    os._exit(code)  # never back into the caller, whose fork this is


def _die_at(number: int) -> None:
    """In this process: be killed when half of the `number`-th state is written."""
    save, calls = checkpoints.save_file, []

    def dying(arrays, path, metadata=None):
        calls.extend([path] if path.name.startswith(STATE) else [])
        save(arrays, path, metadata=metadata)
        if len(calls) == number:
            os.truncate(path, path.stat().st_size // 2)
            path.with_name(".tmpAb3").write_bytes(b"half")  # as the library leaves one
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.save_file = dying


def killed(process: int, after: float) -> bool:
    """Kill a process after so many seconds; False where it ended by itself before."""
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return _was_killed(status)
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    return _was_killed(os.waitpid(process, 0)[1])


def _was_killed(status: int) -> bool:
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise BrokenPromiseError(f"a run ended by itself with status {os.WEXITSTATUS(status)}")
    return False


def check(folder: Path) -> str:
    """What must hold of the folder of a run that was killed; returns where it was.

    Raises:
        BrokenPromiseError: where it does not.
    """
    if not (folder / runs.DESCRIPTION).exists():
        return "before it was described"
    run = runs.read_run(folder)
    if run.state not in ("interrupted", "finished"):
        raise BrokenPromiseError(f"{run.state}: {run.problem}")
    told = events.read(folder)[0]
    promised = max((one["step"] for one in told if one["event"] == "checkpoint"), default=None)
    if promised is not None:
        saved = saved_progress(folder)[1].step
        begun = next(one["steps_per_epoch"] for one in told if one["event"] == "start")
        reached = max((one["step"] for one in told if one["event"] == "step"), default=0)
        finished = (max(reached, 1) - 1) // begun * begun  # a step further, it must be saved
        if saved < max(promised, finished):
            raise BrokenPromiseError(f"step {saved} was saved, not {max(promised, finished)}")
        load_file(folder / STATE)
        checkpoints.read(folder)
    for kept in snapshots.list_snapshots(folder).values():
        checkpoints.read(kept)
    if any(folder.glob(f"{STATE}.*.part")):
        return "while it saved"
    if not told or told[-1]["event"] in ("start", "end"):
        return "before its first step"
    return "while it trained"


def compare(folder: Path, straight: Path) -> None:
    """Weights, state, snapshots and curve must be those of the run that nothing disturbed.

    Raises:
        BrokenPromiseError: where one differs in a single bit.
    """
    files = [STATE, checkpoints.WEIGHTS]
    files += [f"{path.relative_to(straight)}/{checkpoints.WEIGHTS}"
              for path in snapshots.list_snapshots(straight).values()]  # fmt: skip
    for file in files:
        one, other = load_file(folder / file), load_file(straight / file)
        odd = {name for name in {*one, *other} if not _same(one.get(name), other.get(name))}
        if odd:
            raise BrokenPromiseError(f"{file} differs: {', '.join(sorted(odd)[:3])}")
    if left := [*folder.rglob("*.part"), *folder.rglob(".tmp*")]:
        raise BrokenPromiseError(f"{left[0].name} was left behind")
    if curve(folder) != curve(straight):
        raise BrokenPromiseError("the curves differ")


def _same(one, other) -> bool:
    return one is not None and other is not None and one.tobytes() == other.tobytes()


def curve(folder: Path) -> list[dict]:
    """All points, training and validation, without what a clock brought."""
    told = [one for one in events.read(folder)[0] if one["event"] in ("step", "validation")]
    return [{name: one[name] for name in one if name not in SILENT} for one in told]


def measure(config: TrainConfig, times: int, *, seed: int, root: Path) -> tuple[Counter, int]:
    """Kill so many times, run after run.

    Returns:
        Where the kills fell, and how many runs were finished.

    Raises:
        BrokenPromiseError: at the first that is not survived.
    """
    import vitcore.training.loop  # noqa: F401 - so that no fork needs to

    rng, places, finished = random.Random(seed), Counter(), 0
    started = time.monotonic()
    if killed(begin(config, root / "straight"), 600):
        raise BrokenPromiseError("the run that nothing should disturb was killed")
    whole = time.monotonic() - started
    while True:
        folder, done = root / f"run-{finished}", places.total()
        at_save = rng.randint(1, 3) if done < times and done % SAVES == SAVES - 1 else 0
        after = 600 if at_save or done == times else rng.uniform(0, 0.7 * whole)
        if killed(begin(config, folder, dies_at_save=at_save), after):
            places[check(folder)] += 1
            print(f"\r{done + 1} of {times} ", end="", file=sys.stderr, flush=True)
            continue
        compare(folder, root / "straight")
        finished += 1
        if done == times:
            return places, finished


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=CONFIG.steps, help="of each run")
    options = parser.parse_args(arguments)
    config = CONFIG.replace(steps=options.steps)
    with tempfile.TemporaryDirectory(prefix="vitcore-kills-") as root:
        try:
            places, finished = measure(config, options.times, seed=options.seed, root=Path(root))
        except BrokenPromiseError as error:
            print(f"\nbroken: {error}", file=sys.stderr)
            for log in Path(root).glob("*.log"):
                print(f"{log.name}: {log.read_text()[-2000:]}", file=sys.stderr)
            return 1
    print(f"\n{places.total()} kills survived:")
    for place, count in places.most_common():
        print(f"  {count:3d} {place}")
    print(f"{finished} runs finished, each bit for bit the one that nothing disturbed")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(sys.argv[1:]))
