"""What it costs a training to keep snapshots and to be watched: steps a second with and without."""

import os
import subprocess
import sys
import time
from statistics import median

from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import ROOT, Server
from vitcore.training import events, snapshots
from vitcore.training.control import write_control

ROUNDS = 3  # after one that nobody counts, in which the worker compiles the model
STEPS = 240
SETTLES = 3.0  # seconds until a page that was opened has drawn what there is
COMMAND = (
    f"train --data sketch10 --preset tiny --steps {STEPS} --batch-size 32 "
    "--num-sketches 2000 --seed"
)
PROGRAM = """
import sys
from vitcore.training import snapshots
if sys.argv.pop(1) == "bare":
    snapshots.snapshot_steps = lambda steps: ()
from vitcore.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def train(home, kind: str, turn: int, watch) -> float:
    """Train one run; steps a second, from the second step to the last.

    Args:
        home: of the app, in which the run is listed.
        kind: "bare" keeps no snapshots on its way.
        turn: sets the seed, and the name.
        watch: called once the run has taken its first step, after which it waits for this.
    """
    folder = home / "vitcore" / "runs" / f"{kind}-{turn}"
    folder.mkdir(parents=True)
    write_control(folder, f"step {turn}")  # opening the page comes before, for it is not watching
    arguments = [*COMMAND.split(), str(turn), "--run-dir", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kind, *arguments],
        cwd=ROOT,
        env={**os.environ, "VITCORE_HOME": str(home / "vitcore")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None and not events.read(folder)[0]:
            time.sleep(0.05)
        watch()
        write_control(folder, "run")
        if process.wait(600):
            raise RuntimeError(f"the run {folder.name} ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()
    kept = len(snapshots.list_snapshots(folder))
    if kept != (
        1 if kind == "bare" else len(snapshots.snapshot_steps(STEPS))
    ):  # the first weights always
        raise RuntimeError(f"{folder.name} kept {kept} snapshots")
    told = [
        event for event in events.read(folder)[0] if event["event"] == "step" and event["step"] > 1
    ]
    return (told[-1]["step"] - told[0]["step"]) / (told[-1]["time"] - told[0]["time"])


def measure(browser, home, folder) -> list[Row]:
    speeds = {"bare": [], "kept": [], "watched": []}
    with Server(home, data=folder) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        person = Person(context.new_page(), server.address).opens("Train")
        person.waits_for_answer()

        def watch():
            person.page.goto(f"{server.address}/train")  # it never settles: something is live
            person.page.locator(".st-key-train_loss").wait_for(timeout=60_000)
            time.sleep(SETTLES)

        for turn in range(ROUNDS + 1):
            for kind, found in speeds.items():
                if turn == 0 and kind != "watched":
                    continue
                person.page.goto("about:blank")
                speed = train(home, kind, turn, watch if kind == "watched" else lambda: None)
                if turn:
                    found.append(speed)
        context.close()
    bare = median(speeds["bare"])
    return [
        Row("tiny, no snapshots, nobody watching", speeds["bare"], "steps/s", ratio=1.0),
        Row(
            "the same with snapshots",
            speeds["kept"],
            "steps/s",
            ratio=bare / median(speeds["kept"]),
            ratio_bound=1.1,
        ),
        Row(
            "the same with snapshots and a page that shows them",
            speeds["watched"],
            "steps/s",
            ratio=bare / median(speeds["watched"]),
            ratio_bound=1.1,
        ),
    ]
