"""From opening the page to the first real picture, and from server start to the model's answer."""

import time

from tests.bench.clock import INSTRUMENT
from tests.bench.table import Row
from tests.browser.server import Server

ROUNDS = 3


def measure(browser, home, folder) -> list[Row]:
    healthy, pictures, answers = [], [], []
    for turn in range(ROUNDS):
        with Server(home / str(turn), data=folder) as server:
            healthy.append(time.time() - server.started)
            picture, answer = first_visit(browser, server)
            pictures.append(picture)
            answers.append(answer)
    return [
        Row("server start to healthy", healthy, "s"),
        Row("opening Overview to the first real picture", pictures, "s", bound=2),
        Row("server start to the model's answer on Overview", answers, "s", bound=10),
    ]


def first_visit(browser, server) -> tuple[float, float]:
    """Seconds from opening to the picture, and from server start to the answer."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(INSTRUMENT)
    page = context.new_page()
    page.goto(server.address, wait_until="commit")
    page.wait_for_function("window.clock && clock.first > 0", timeout=60_000)
    picture = page.evaluate("clock.first - performance.timeOrigin") / 1000
    page.locator(".bars li").first.wait_for(timeout=60_000)
    answer = page.evaluate("performance.timeOrigin + performance.now()") / 1000 - server.started
    context.close()
    return picture, answer
