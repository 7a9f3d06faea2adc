"""Memory of the app, of the model's worker, and of each idle session."""

import time

from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import Server, anonymous_megabytes

SESSIONS = 10


def measure(browser, home, folder) -> list[Row]:
    with Server(home, data=folder) as server:
        contexts = [browser.new_context()]
        person = Person(contexts[0].new_page(), server.address)
        for title in ("Overview", "Patches", "Positions", "Attention", "Train", "Models"):
            person.opens(title, patch_size=2)
            person.waits_for_answer()
        used = anonymous_megabytes(server.app())
        worker = anonymous_megabytes(server.worker())
        for _ in range(SESSIONS):
            contexts.append(browser.new_context())
            another = Person(contexts[-1].new_page(), server.address).opens()
            another.waits_for_answer()
        time.sleep(3)
        grown = (anonymous_megabytes(server.app()) - used) / SESSIONS
        for context in contexts:
            context.close()
    return [
        Row("app process, after every page at P=2", [used], "MB", bound=300),
        Row("worker process, the same", [worker], "MB", bound=1200),
        Row(f"app process, each of {SESSIONS} more idle sessions", [grown], "MB", bound=5),
    ]
