"""Training from the page: start, watch, and use what came out."""

import json
import re

from playwright.sync_api import expect

from vitcore.checkpoints import bundled
from vitcore.training.runs import read_run

PAUSED = re.compile(r"paused at epoch .*, step ([\d,]+)")


def test_a_model_trained_on_sketches_is_at_once_on_every_page(somebody, start_app):
    person = somebody(start_app("training")).opens("Train")
    person.chooses("train_data", "sketch10")
    person.chooses("train_preset", "tiny")
    person.types("train_epochs", 1)
    person.types("train_seed", 3)
    person.presses("train_start")
    expect(person.page.locator(".st-key-train_loss svg path").first).to_be_visible(timeout=120_000)
    person.sees(re.compile("finished", re.IGNORECASE), seconds=180)

    person.goes_to("Overview")
    combobox = person.widget("model").get_by_role("combobox")
    combobox.click()
    options = person.page.get_by_role("option")
    expect(options).to_have_count(len(bundled()) + 1)
    own = next(name for name in options.all_inner_texts() if name not in bundled())
    person.page.get_by_role("option", name=own, exact=True).click()
    person.sees_patches(64)
    person.waits_for_answer()
    expect(person.page.locator(".bars li")).to_have_count(10)
    assert person.query()["model"] == own


def test_a_training_pauses_takes_a_step_and_goes_on(somebody, start_app):
    server = start_app("pausing")
    person = somebody(server).opens("Train")
    person.chooses("train_data", "sketch10")
    person.types("train_epochs", 50)
    person.presses("train_start")
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
    person.sees(re.compile("pausing|paused at"), seconds=5)
    person.sees(PAUSED)
    step = paused_at(person)
    press(person, "step")
    person.sees(re.compile(rf"paused at epoch .*, step {step + 1:,}\b"))
    press(person, "resume")
    person.does_not_see(PAUSED)
    press(person, "stop")
    person.sees(re.compile("stopped at"), seconds=60)
    # The same seed again: the curves of before stay beside the new ones.
    press(person, "restart")
    person.sees("Hyperparameter differences", seconds=60)
    press(person, "stop")
    runs = [file.parent for file in described(server)]
    person.eventually(lambda: all(read_run(folder).ended for folder in runs), seconds=60)


def press(person, what):
    """Press a button of the run that is shown."""
    person.page.locator(f'[class*="st-key-train_{what}_"] button').first.click()


def paused_at(person):
    text = person.page.get_by_text(PAUSED).first.inner_text()
    return int(PAUSED.search(text).group(1).replace(",", ""))


def test_a_training_is_stopped_by_its_button(somebody, start_app):
    server = start_app("stopping")
    person = somebody(server).opens("Train")
    person.chooses("train_data", "sketch10")
    person.types("train_epochs", 50)
    person.presses("train_start")
    expect(person.page.locator(".st-key-train_loss svg path").first).to_be_visible(timeout=120_000)
    press(person, "stop")
    person.sees(re.compile("stopped", re.IGNORECASE), seconds=60)
    (trained,) = (json.loads(file.read_text()) for file in described(server))

    # The process that trained waits for the next run, and no other does.
    wait = [one.pid for one in server.others() if "explorer.runs.standby_process" in one.cmdline()]
    assert wait == [trained["pid"]]
    press(person, "restart")
    person.eventually(lambda: len(described(server)) == 2)
    press(person, "stop")  # else it would take the cores from every later test
    person.eventually(lambda: all(read_run(file.parent).ended for file in described(server)))
    assert {json.loads(file.read_text())["pid"] for file in described(server)} == {trained["pid"]}


def described(server):
    return [*server.home.glob("vitcore/runs/*/run.json")]
