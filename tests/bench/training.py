"""From pressing Start to the first point on the curve."""

import subprocess
import sys
import time
from statistics import median

from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import ROOT, Server

ROUNDS = 2
READS = 6.0  # seconds for which a person looks at what a run came to
BUTTON = "[class*=st-key-train_{}_] button"


def seconds_to_point(person, button: str) -> float:
    """Press a button that starts a run; seconds until its first point is on the curve."""
    live = person.page.locator(".st-key-train_live")
    start = time.monotonic()
    person.page.locator(button).first.click()
    live.locator(".figure-state.loading").first.wait_for(timeout=60_000)
    live.locator(".st-key-train_loss svg path").first.wait_for(state="attached", timeout=60_000)
    return time.monotonic() - start


def measure(browser, home, folder) -> list[Row]:
    waited, again, imported = [], [], []
    for turn in range(ROUNDS):
        start = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "import vitcore.model"],
            cwd=ROOT,
            check=True,
            stderr=subprocess.DEVNULL,
        )
        imported.append(time.monotonic() - start)
        with Server(home / str(turn), data=folder) as server:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            person = Person(context.new_page(), server.address).opens("Train")
            person.chooses("train_data", "sketch10")
            person.types("train_epochs", 5)
            waited.append(seconds_to_point(person, ".st-key-train_start button"))
            person.page.locator(BUTTON.format("stop")).first.click()
            person.page.locator(BUTTON.format("restart")).first.wait_for(timeout=60_000)
            time.sleep(READS)
            again.append(seconds_to_point(person, BUTTON.format("restart")))
            context.close()
    return [
        Row("importing TensorFlow and Keras, new process", imported, "s", ratio=1.0),
        Row(
            "Start pressed to the first point on the curve, cold",
            waited,
            "s",
            bound=10,
            ratio=median(waited) / median(imported),
        ),
        Row(
            "the same for Restart, once the run before was stopped",
            again,
            "s",
            bound=4,
            ratio=median(again) / median(imported),
        ),
    ]
