"""A browser, an app for all tests of a session, and a person at its window."""

import os
import re
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.person import Person
from tests.browser.server import Server
from tests.browser.stage import Stage
from tests.run import find_browser

# Nothing here needs the network, and a browser that tries slows every test down.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # As measured: a page takes a sixth less of the processor.
    "--disable-threaded-animation",
    "--disable-threaded-scrolling",
    "--disable-lcd-text",
    "--disable-partial-raster",
)
expect.set_options(timeout=60_000)  # a busy machine is no fault of the page
# Whoever comes has never been here: a new window knows nothing of what the app keeps.
FORGETS = "try { sessionStorage.known ??= (localStorage.clear(), 'yes'); } catch {}"
OUTCOME = pytest.StashKey[pytest.TestReport]()


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # Beside training processes and other tests, what should take a second may take sixty.
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[OUTCOME] = report
    return report


@pytest.fixture(scope="session")
def browser():
    executable = find_browser()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no Chrome or Chromium, and CI must not skip these tests")
        pytest.skip("no Chrome or Chromium: install one, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def profile(browser):
    """What all windows share: the app's scripts, which take a fifth of a page's time to read."""
    with browser.new_context() as profile:
        profile.set_default_timeout(60_000)
        profile.add_init_script(FORGETS)
        yield profile


@pytest.fixture(scope="session")
def start_app(tmp_path_factory):
    """Start an app with a home of its own; stopped at the end of the session at the latest."""
    running = []

    def start(name, **options) -> Server:
        server = Server(tmp_path_factory.mktemp(name), **options)
        running.append(server)
        return server.__enter__()

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def server(start_app):
    """The app on a machine without CIFAR-10."""
    return start_app("app")


@pytest.fixture
def somebody(profile, request):
    """Bring somebody to an app's window; what the browser complains about fails the test."""
    people = []

    def arrives(server, *, width=1280, height=800, scheme="light", motion="reduce") -> Person:
        page = profile.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        people.append((Person(page, server.address), server))
        return people[-1][0]

    yield arrives
    failed = OUTCOME in request.node.stash and request.node.stash[OUTCOME].failed
    for person, server in people:
        if failed:
            show_failure(request.node.name, person, server)
        person.page.close()
    if not failed:
        assert [complaint for person, *_ in people for complaint in person.complaints] == []


@pytest.fixture
def person(somebody, server):
    """Somebody at the app on a machine without CIFAR-10."""
    return somebody(server)


@pytest.fixture
def page(browser):
    """An empty page, for a component's script alone."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert problems == []


@pytest.fixture
def offline_page(browser):
    """An empty page without a network; asking for it, and an uncaught error, fail the test."""
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "request", lambda request: page.problems.append(request.url) if "http" in request.url else 0
    )
    yield page
    assert page.problems == []
    context.close()


@pytest.fixture
def lens(page):
    """The lens on an empty page."""
    return Stage(page, "attention_lens")


def show_failure(name, person, server):
    folder = Path(tempfile.gettempdir()) / "vitcore-screenshots"
    folder.mkdir(exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.png"
    person.page.screenshot(path=path, full_page=True)
    print(f"\nscreenshot: {path}\naddress: {person.page.url}")
    print(f"the browser complained: {person.complaints}\nthe app said:\n{server.said()}")
