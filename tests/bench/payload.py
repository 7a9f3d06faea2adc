"""Bytes from the server for somebody's first visit of each page at P = 2, on a warm server."""

from tests.bench.sliding import window
from tests.bench.table import Row
from tests.browser.person import PAGES
from tests.browser.server import Server

MOST = 2.0  # MB in messages
SETTLE = 6000  # ms after the answer, for what comes behind it


def measure(browser, home, folder) -> list[Row]:
    home.mkdir(parents=True)
    with Server(home / "app", data=folder) as server:
        visit(browser, server, "Overview", image=0)  # until which TensorFlow is there
        seen = {title: visit(browser, server, title, image=20 + i) for i, title in enumerate(PAGES)}
    return [
        row
        for title, (messages, scripts) in seen.items()
        for row in (
            Row(f"messages of a first visit at P = 2, {title}", [messages], "MB", bound=MOST),
            Row("and its components' scripts, which are kept", [scripts], "MB"),
        )
    ]


def visit(browser, server, title: str, *, image: int) -> tuple[float, float]:
    """Megabytes of a new window's messages and of the scripts that it asks for, on a new image."""
    person = window(browser, server)
    messages, scripts = [], []
    page = person.page
    page.on("websocket", lambda one: one.on("framereceived", lambda m: messages.append(len(m))))
    page.on("response", lambda one: scripts.append(one) if "/scripts/" in one.url else None)
    person.opens(title, image_class="ship", image_index=image, patch_size=2)
    person.waits_for_answer(seconds=180)
    page.wait_for_timeout(SETTLE)
    sizes = [answer.request.sizes()["responseBodySize"] for answer in scripts]
    page.context.close()
    return sum(messages) / 1e6, sum(sizes) / 1e6
