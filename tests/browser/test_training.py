"""Training from the page: start, watch, steer, and use what came out."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.explorer.small_trainings import write_end, write_run
from tests.vitcore.small_models import random_weights, small_config
from vitcore.checkpoints import bundled
from vitcore.training import snapshots
from vitcore.training.control import write_control
from vitcore.training.runs import list_runs

PAUSED = re.compile(r"paused at epoch .*, step ([\d,]+)")


@pytest.fixture(scope="module")
def own_server(start_app):
    """An app whose runs nobody else sees."""
    server = start_app("training")
    yield server
    server.stop()


@pytest.fixture
def person(somebody, own_server):
    """Somebody at the app; what a failed test left training would take the form off the page."""
    yield somebody(own_server)
    left = [run.name for run in runs(own_server) if not run.ended]
    for name in left:
        write_control(own_server.home / "vitcore" / "runs" / name, "stop")
    deadline = time.monotonic() + 60
    while left and not all(run.ended for run in runs(own_server)) and time.monotonic() < deadline:
        time.sleep(0.2)


def test_the_timeline_of_a_run_on_its_way_grows_and_can_be_saved(person, own_server):
    folder = write_run(own_server.home / "vitcore" / "runs" / "quiet-heron", end=None, kept=(0, 5))
    person.opens("Train", patch_size=8)
    timeline = person.widget("replay")
    wrap = timeline.locator(".wrap")
    expect(wrap).to_have_attribute("data-rev", "2-2-2", timeout=240_000)
    expect(wrap).to_have_attribute("data-moment", "5")
    snapshots.write(folder, 20, small_config(), random_weights(small_config(), 2))
    expect(wrap).to_have_attribute("data-rev", "3-3-3")
    expect(wrap).to_have_attribute("data-moment", "20")
    timeline.locator(".scrub input").press("Home")
    write_end(folder)
    expect(wrap).to_have_attribute("data-rev", "4-4-4", timeout=60_000)
    expect(wrap).to_have_attribute("data-moment", "0")
    with person.page.expect_download() as download:
        person.page.get_by_role("button", name="Animation (WebP)").click()
    assert download.value.suggested_filename == "quiet-heron-training.webp"
    assert download.value.path().read_bytes()[8:12] == b"WEBP"


def test_a_model_trained_on_sketches_is_at_once_on_every_page(person, own_server):
    person.opens("Train")
    person.chooses("train_data", "sketch10")
    person.chooses("train_preset", "tiny")
    person.types("train_epochs", 0.2)
    person.types("train_seed", 3)
    person.presses("train_start")
    expect(person.page.locator(".st-key-train_loss svg path").first).to_be_visible(timeout=120_000)
    person.sees(re.compile("finished", re.IGNORECASE), seconds=180)
    own = runs(own_server)[0].name

    person.goes_to("Overview")
    combobox = person.widget("model").get_by_role("combobox")
    combobox.click()
    options = person.page.get_by_role("option")
    expect(options).to_have_count(len(bundled()) + len(runs(own_server)))
    person.page.get_by_role("option", name=own, exact=True).click()
    person.sees_patches(64)
    person.waits_for_answer()
    expect(person.page.locator(".bars li")).to_have_count(10)
    assert person.query()["model"] == own


def test_a_training_pauses_takes_a_step_goes_on_and_is_stopped(person, own_server):
    person.opens("Train")
    person.chooses("train_data", "sketch10")
    person.types("train_epochs", 50)
    person.presses("train_start")
    person.page.locator('[class*="st-key-train_pause_"]').first.wait_for(timeout=120_000)
    loss = person.widget("train_loss")
    expect(loss.locator("svg path").first).to_be_visible(timeout=120_000)
    # The pointer keeps its reading while points arrive.
    box = loss.locator("svg").bounding_box()
    person.page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(loss.locator(".tip")).to_contain_text("loss, train")
    points = int(loss.locator(".wrap").get_attribute("data-points"))
    person.eventually(lambda: int(loss.locator(".wrap").get_attribute("data-points")) > points + 2)
    expect(loss.locator(".tip")).to_contain_text("loss, train")

    press(person, "pause")
    person.sees(PAUSED)
    step = paused_at(person)
    press(person, "step")
    person.sees(re.compile(rf"paused at epoch .*, step {step + 1:,}\b"))
    press(person, "resume")
    person.does_not_see(PAUSED)
    press(person, "stop")
    person.sees(re.compile("stopped at"), seconds=60)

    # The process that trained waits for the next run, and no other does.
    trained = runs(own_server)[0]
    waits = [
        one.pid for one in own_server.others() if "explorer.runs.standby_process" in one.cmdline()
    ]
    assert waits == [trained.pid]
    # The same seed again: the curves of before stay beside the new ones.
    press(person, "restart")
    person.sees("Hyperparameter differences", seconds=60)
    again = runs(own_server)[0]
    assert (again.name != trained.name, again.config) == (True, trained.config)
    press(person, "stop")  # else it would take the cores from every later test
    person.eventually(lambda: all(run.ended for run in runs(own_server)), seconds=60)
    assert runs(own_server)[0].pid == trained.pid


def test_the_run_that_is_shown_is_part_of_the_link(person, somebody, own_server):
    folder = own_server.home / "vitcore" / "runs"
    for name in ("first-heron", "second-heron", "third-heron"):
        if not (folder / name).exists():
            write_run(folder / name)

    def shown(one):
        return one.chosen("train_run"), one.page.locator(".st-key-train_finding").inner_text()

    person.opens("Train", model="first-heron")
    person.eventually(lambda: shown(person)[0] == "first-heron" in shown(person)[1])
    assert person.query() == {"model": "first-heron"}
    expect(person.widget("train_data")).not_to_be_visible()
    person.chooses("train_run", "second-heron")
    person.eventually(lambda: person.query().get("run") == "second-heron")
    other = somebody(own_server)
    other.page.goto(person.page.url)
    other.settles()
    other.eventually(lambda: shown(other)[0] == "second-heron" in shown(other)[1])
    person.page.go_back()
    person.eventually(lambda: shown(person)[0] == "first-heron" in shown(person)[1])
    other.opens("Train", run="no-heron")
    other.sees("no-heron not found")
    other.eventually(lambda: "run" not in other.query())


def press(person, what):
    """Press a button of the run that is shown."""
    person.page.locator(f'[class*="st-key-train_{what}_"] button').first.click()


def paused_at(person):
    text = person.page.get_by_text(PAUSED).first.inner_text()
    return int(PAUSED.search(text).group(1).replace(",", ""))


def runs(server):
    """The runs of an app, the newest first."""
    return list_runs(server.home / "vitcore" / "runs")
