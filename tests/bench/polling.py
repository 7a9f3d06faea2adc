"""What it costs the app when a page follows a run: processor time a second, nothing trained."""

import os
import threading
import time

from tests.bench.table import Row
from tests.browser.server import Server
from vitcore.config import TrainConfig
from vitcore.training import runs
from vitcore.training.events import EventLog

ROUNDS = 3
SECONDS = 8.0  # of each
SETTLE = 6.0  # seconds after which the page has loaded what it loads once


def write_steps(folder, stop: threading.Event) -> None:
    """The log of a run of an hour that goes on, told four times a second."""
    log = EventLog(folder)
    log("start", steps=40_000, steps_per_epoch=400)
    step = 0
    while not stop.wait(0.0 if step < 14_400 else 0.25):
        step += 1
        values = {"loss": 2.3 / (1 + step / 5000), "accuracy": 0.5, "learning_rate": 1e-3}
        points = [[step, *values.values()]]
        log("step", step=step, epoch=step / 400, images_per_second=500.0, points=points, **values)


def measure(browser, home, folder) -> list[Row]:
    run = home / "vitcore" / "runs" / "quiet-heron"
    run.mkdir(parents=True)
    runs.write_description(run, TrainConfig(data="sketch10"), pid=os.getpid())
    stop = threading.Event()
    writer = threading.Thread(target=write_steps, args=(run, stop), daemon=True)
    writer.start()
    spent = []
    try:
        with Server(home, data=folder) as server:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(f"{server.address}/train", wait_until="domcontentloaded", timeout=120_000)
            page.locator(".st-key-train_loss svg path").first.wait_for(timeout=120_000)
            time.sleep(SETTLE)
            for _ in range(ROUNDS):
                before, since = processor_seconds(server), time.monotonic()
                time.sleep(SECONDS)
                taken = processor_seconds(server) - before
                spent.append(1000 * taken / (time.monotonic() - since))
            context.close()
    finally:
        stop.set()
        writer.join()
    return [Row("app's processor time while a page follows a run", spent, "ms/s", bound=50)]


def processor_seconds(server) -> float:
    times = server.app().cpu_times()
    return times.user + times.system
