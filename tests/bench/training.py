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
START = ".st-key-train_start button"
BUTTON = "[class*=st-key-train_{}_] button"


def seconds_to_point(person, button: str) -> float:
    """Press a button that starts a run; seconds until its first point is on the curve."""
    live = person.page.locator(".st-key-train_live")
    start = time.monotonic()
    person.page.locator(button).first.click()
    live.locator(".figure-state.loading").first.wait_for(timeout=60_000)
    live.locator(".st-key-train_loss svg path").first.wait_for(state="attached", timeout=60_000)
    return time.monotonic() - start


def opened(browser, server) -> Person:
    """A person on the Train page of a server that has just begun."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    person = Person(page, server.address).opens("Train")
    person.chooses("train_data", "sketch10")
    person.types("train_epochs", 5)
    return person


def measure(browser, home, folder) -> list[Row]:
    at_once, later, again, imported = [], [], [], []
    for turn in range(ROUNDS):
        start = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "import vitcore.model"],
            cwd=ROOT,
            check=True,
            stderr=subprocess.DEVNULL,
        )
        imported.append(time.monotonic() - start)
        with Server(home / f"{turn}-at-once", data=folder) as server:
            person = opened(browser, server)
            at_once.append(seconds_to_point(person, START))
            person.page.locator(BUTTON.format("stop")).first.click()
            person.page.locator(BUTTON.format("restart")).first.wait_for(timeout=60_000)
            time.sleep(READS)
            again.append(seconds_to_point(person, BUTTON.format("restart")))
            person.page.context.close()
        with Server(home / f"{turn}-later", data=folder) as server:
            person = opened(browser, server)
            person.waits_for_answer()
            time.sleep(READS)
            later.append(seconds_to_point(person, START))
            person.page.context.close()
    rows = {
        "Start pressed to the first point, the page just opened": (at_once, 10),
        f"the same {READS:.0f} s after the model's answer": (later, 10),
        "the same for Restart, once the run before was stopped": (again, 4),
    }
    return [
        Row("importing TensorFlow and Keras, new process", imported, "s", ratio=1.0),
        *(
            Row(what, waited, "s", bound=bound, ratio=median(waited) / median(imported))
            for what, (waited, bound) in rows.items()
        ),
    ]
