"""What a person does in the window of the app, and what they wait for."""

import re
import time
import urllib.parse

from playwright.sync_api import Page, expect

PATCH_SIZES = (2, 3, 4, 5, 6, 8, 11, 16, 32)
# Streamlit asks for these below the page's own path first, then at the right place.
HARMLESS = ("/_stcore/health", "/_stcore/host-config", "favicon")
PAGES = {
    "Overview": "",
    "Patches": "patches",
    "Positions": "positions",
    "Self-attention": "self-attention",
    "Attention": "attention",
    "Encoder": "encoder",
    "Train": "train",
    "Evaluate": "evaluate",
    "Models": "models",
}


class Person:
    """Somebody at the app's window.

    Args:
        page: the browser's page.
        address: where the app is served.
    """

    def __init__(self, page: Page, address: str):
        self.page = page
        self.address = address
        self.complaints = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _hear(self, message):
        if message.type != "error":
            return
        url = message.location.get("url", "")
        if not any(part in url for part in HARMLESS):
            self.complaints.append(f"{message.text} ({url})")

    def opens(self, title="Overview", **query):
        """Type an address; `query` is what follows its question mark."""
        wanted = f"{self.address}/{PAGES.get(title, title)}"
        self.page.goto(f"{wanted}?{urllib.parse.urlencode(query)}" if query else wanted)
        self.settles()
        return self

    def goes_to(self, title):
        """Follow a link of the navigation."""
        named = re.compile(rf"{re.escape(title)}$")  # Attention is not Self-attention
        self.page.get_by_test_id("stTopNavLink").filter(has_text=named).first.click()
        self.page.wait_for_url(re.compile(rf"/{PAGES[title]}(\?.*)?$"))
        self.settles()

    def settles(self, *, seconds=60.0):
        """Wait until the page has been run and a title stands on it."""
        idle = '[data-testid="stApp"][data-test-script-state="notRunning"]'
        self.page.wait_for_selector(idle, timeout=1000 * seconds)
        self.page.locator("h1").first.wait_for(timeout=1000 * seconds)

    def sees(self, words, *, seconds=60.0):
        """Wait for words (a text that is part of what stands there, or a pattern)."""
        self._found(words).first.wait_for(timeout=1000 * seconds)

    def sees_patches(self, count, *, seconds=60.0):
        """Wait for `16 patches`, which `116 patches` does not satisfy."""
        self.sees(re.compile(rf"(?<![\d,.]){count:,} patch(es)?\b"), seconds=seconds)

    def does_not_see(self, words, *, seconds=60.0):
        expect(self._found(words)).to_have_count(0, timeout=1000 * seconds)

    def _found(self, words):
        return self.page.get_by_text(words).filter(visible=True)

    def widget(self, key):
        return self.page.locator(f".st-key-{key}")

    def _ready(self, key):
        """The browser loads a widget's script when it is first needed."""
        widget = self.widget(key)
        widget.locator("[role=combobox], [role=radio]").first.wait_for()
        return widget

    def title(self) -> str:
        return self.page.locator("h1").inner_text()

    def waits_for_answer(self, *, seconds=90.0):
        """Wait until nothing on the page says that it is still being computed."""
        self.page.locator("[data-state], .figure-state").first.wait_for(state="attached")
        loading = self.page.locator('.figure-state.loading, [data-state="waiting"]')
        expect(loading.filter(visible=True)).to_have_count(0, timeout=1000 * seconds)

    def slides_patch_size(self, to: int):
        """Move the slider with the arrow keys, one stop at a time."""
        slider = self.widget("patch_size").locator("input[type=range]")
        steps = PATCH_SIZES.index(to) - int(slider.input_value())
        for _ in range(abs(steps)):
            slider.press("ArrowRight" if steps > 0 else "ArrowLeft")
        expect(slider).to_have_attribute("aria-valuetext", str(to))

    def patch_size(self) -> int:
        slider = self.widget("patch_size").locator("input[type=range]")
        return PATCH_SIZES[int(slider.input_value())]

    def chooses(self, key, option):
        """Choose in a select box, a segmented control or a group of radio buttons."""
        widget = self._ready(key)
        combobox = widget.get_by_role("combobox")
        if combobox.count():
            combobox.click()
            self.page.get_by_role("option", name=option, exact=True).click()
        else:
            widget.get_by_role("radio", name=option, exact=True).click()
        self.settles()

    def chosen(self, key) -> str:
        widget = self._ready(key)
        combobox = widget.get_by_role("combobox")
        if combobox.count():
            return combobox.input_value()
        return widget.get_by_role("radio", checked=True).inner_text()

    def types(self, key, value):
        """Write into a number box and leave it."""
        box = self.widget(key).locator("input")
        box.fill(str(value))
        box.press("Enter")
        self.settles()

    def presses(self, key):
        self.widget(key).get_by_role("button").click()

    def uploads(self, path):
        self.widget("image_upload").locator("input[type=file]").set_input_files(path)
        self.settles()

    def query(self) -> dict:
        found = urllib.parse.urlsplit(self.page.url).query
        return {name: values[-1] for name, values in urllib.parse.parse_qs(found).items()}

    def painted(self, inside="") -> list[float]:
        """When each component on the page was last painted, in the browser's clock."""
        stamped = self.page.locator(f"{inside} [data-painted]")
        return [float(element.get_attribute("data-painted")) for element in stamped.all()]

    def eventually(self, check, *, seconds=20.0):
        """Wait until `check()` holds: for what only a script of the test can see."""
        deadline = time.monotonic() + seconds
        while not check():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s")
            self.page.wait_for_timeout(200)

    def inks(self, canvas) -> int:
        """How many different colours a canvas shows: 1 means that it is blank."""
        return canvas.evaluate(
            """canvas => {
                const pixels = new Uint32Array(canvas.getContext('2d')
                    .getImageData(0, 0, canvas.width, canvas.height).data.buffer);
                return new Set(pixels).size;
            }"""
        )
