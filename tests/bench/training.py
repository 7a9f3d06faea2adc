"""From pressing Start to the first point on the curve."""

import subprocess
import sys
import time
from statistics import median

from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import ROOT, Server

ROUNDS = 2


def measure(browser, home, folder) -> list[Row]:
    waited, imported = [], []
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
            start = time.monotonic()
            person.presses("train_start")
            curve = person.page.locator(".st-key-train_loss svg path")
            curve.first.wait_for(state="attached", timeout=60_000)
            waited.append(time.monotonic() - start)
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
    ]
