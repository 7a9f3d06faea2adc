"""Make README's images, of the running app and of a view: `python -m tests.browser.screenshot`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

import vitcore
from tests.browser.conftest import ARGUMENTS
from tests.browser.person import Person
from tests.browser.server import ROOT, Server
from tests.run import find_browser

PICTURE = ROOT / "explorer" / "readme" / "overview.png"
LENS = PICTURE.with_name("lens.png")
SHOWN = {"image_source": "sketch10", "image_class": "frog", "image_index": 3}


def main(arguments: list[str]) -> int:
    """Write the image; arguments like `image_index=7` choose what it shows."""
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
        show_frog(browser, Path(home) / "lens.html")
        browser.close()
    return 0


def show_frog(browser: Browser, file: Path) -> None:
    """What `vitcore.show` draws of a frog in sketch10."""
    images, _, _ = vitcore.sketch10(1, start=6)
    trace = vitcore.trace(vitcore.load("flexi-cifar10"), images[0], patch_size=4)
    vitcore.show(trace, title="sketch10:6", class_names=vitcore.config.CLASS_NAMES).save(file)
    page = browser.new_page(
        viewport={"width": 1120, "height": 400}, device_scale_factor=1.5, color_scheme="light"
    )
    page.goto(file.as_uri())
    page.locator("canvas.heads").wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=LENS, full_page=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
