"""From opening the page to the first real image, and from server start to the model's answer."""

import time
from statistics import median

from tests.bench.clock import INSTRUMENT
from tests.bench.sliding import EMPTY_APP, EMPTY_SETTINGS
from tests.bench.table import Row
from tests.browser.server import Server

ROUNDS = 3


def measure(browser, home, folder) -> list[Row]:
    healthy, images, answers, plain = [], [], [], []
    home.mkdir(parents=True)
    script = home / "empty.py"
    script.write_text(EMPTY_APP)
    for turn in range(ROUNDS):
        empty = Server(home / f"empty{turn}", script=script, variables=EMPTY_SETTINGS)
        with empty:
            plain.append(visit_empty(browser, empty))
        with Server(home / str(turn), data=folder) as server:
            healthy.append(time.time() - server.started)
            image, answer = first_visit(browser, server)
            images.append(image)
            answers.append(answer)
    return [
        Row("server start to healthy", healthy, "s"),
        Row("opening an empty Streamlit app to its text", plain, "s", ratio=1.0),
        Row(
            "opening Overview to the first real image",
            images,
            "s",
            bound=2,
            ratio=median(images) / median(plain),
        ),
        Row("server start to the model's answer on Overview", answers, "s", bound=10),
    ]


def first_visit(browser, server) -> tuple[float, float]:
    """Seconds from opening to the image, and from server start to the answer."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(INSTRUMENT)
    page = context.new_page()
    page.goto(server.address, wait_until="commit")
    page.wait_for_function("window.clock && clock.first > 0", timeout=60_000)
    image = page.evaluate("clock.first - performance.timeOrigin") / 1000
    page.locator(".hero").wait_for(timeout=60_000)
    page.locator('[data-state="reading"]').first.wait_for(timeout=60_000)
    answer = page.evaluate("performance.timeOrigin + performance.now()") / 1000 - server.started
    context.close()
    return image, answer


def visit_empty(browser, server) -> float:
    """Seconds from opening an app without anything to its text."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(INSTRUMENT)
    page = context.new_page()
    page.goto(server.address, wait_until="commit")
    page.wait_for_function("window.clock && clock.texts.length > 0", timeout=60_000)
    seconds = page.evaluate("performance.now()") / 1000
    context.close()
    return seconds
