"""Processor time of the app for a rerun, page by page, against an empty Streamlit app's."""

import time
from statistics import median

from tests.bench.polling import processor_seconds
from tests.bench.sliding import EMPTY_APP, EMPTY_SETTINGS, window
from tests.bench.table import Row
from tests.browser.person import PAGES
from tests.browser.server import Server

ROUNDS = 3
MOVES = 6  # in each round, to and fro between two patch sizes that were seen before
BETWEEN = 0.7  # seconds between two moves: a rerun each
SETTLE = 1.5  # seconds until the last has ended
SETTINGS = {**EMPTY_SETTINGS, "STREAMLIT_RUNNER_POST_SCRIPT_GC": "false"}  # as ours


def measure(browser, home, folder) -> list[Row]:
    home.mkdir(parents=True)
    script = home / "empty.py"
    script.write_text(EMPTY_APP)
    with (
        Server(home / "empty", script=script, variables=SETTINGS) as empty,
        Server(home / "app", data=folder) as app,
    ):
        page = window(browser, empty).page
        page.goto(empty.address)
        page.get_by_text("value 0").wait_for()
        spent = {"an empty app": of_moves(page.locator("input[type=range]"), empty)}
        page.context.close()
        for title in PAGES:
            person = window(browser, app).opens(title)
            person.page.wait_for_timeout(8000)  # what comes after the first answer
            slider = person.widget("patch_size").locator("input[type=range]")
            spent[title] = of_moves(slider, app)
            person.page.context.close()
    reference = median(spent["an empty app"])
    return [
        Row(
            f"processor time of a rerun, {title}",
            times,
            "ms",
            ratio=median(times) / reference,
            ratio_bound=None if title == "an empty app" else 3,
        )
        for title, times in spent.items()
    ]


def of_moves(slider, server) -> list[float]:
    """Milliseconds of the app process for each move of a slider, in each round."""
    found = []
    for _ in range(1 + ROUNDS):  # nothing is known yet in the first
        time.sleep(SETTLE)
        before = processor_seconds(server)
        for move in range(MOVES):
            slider.press(("ArrowRight", "ArrowLeft")[move % 2])
            time.sleep(BETWEEN)
        time.sleep(SETTLE)
        found.append(1000 * (processor_seconds(server) - before) / MOVES)
    return found[1:]
