"""Make README's picture from the running app: `python -m tests.browser.screenshot`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.person import Person
from tests.browser.server import ROOT, Server
from tests.run import find_browser

PICTURE = ROOT / "explorer" / "readme" / "overview.png"
SHOWN = {"picture_source": "sketch10", "picture_class": "frog", "picture_index": 3}


def main(arguments: list[str]) -> int:
    """Write the picture; arguments like `picture_index=7` choose what it shows."""
    shown = SHOWN | dict(argument.split("=", 1) for argument in arguments)
    with (
        tempfile.TemporaryDirectory() as home,
        Server(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 880}, reduced_motion="reduce", color_scheme="light"
        )
        person = Person(page, server.address).opens(**shown)
        person.waits_for_answer()
        tiles = page.locator(".wrap[data-answered]")
        person.eventually(lambda: tiles.get_attribute("data-answered") == "9", seconds=60)
        page.wait_for_timeout(500)
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        print(f"{person.title()}: {PICTURE.relative_to(ROOT)}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
