"""From pressing Start to the first point on the curve."""

import time

from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import Server

ROUNDS = 2


def measure(browser, home, folder) -> list[Row]:
    waited = []
    for turn in range(ROUNDS):
        with Server(home / str(turn), data=folder) as server:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            person = Person(context.new_page(), server.address).opens("Train")
            person.chooses("train_data", "sketch10")
            person.types("train_epochs", 5)
            start = time.monotonic()
            person.presses("train_start")
            curve = person.page.locator('[data-testid="stPlotlyChart"] .scatterlayer .trace path')
            curve.first.wait_for(state="attached", timeout=60_000)
            waited.append(time.monotonic() - start)
            context.close()
    return [Row("Start pressed to the first point on the curve, cold", waited, "s", bound=10)]
