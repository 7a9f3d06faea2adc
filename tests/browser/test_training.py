"""Training from the page: start, watch, and use what came out."""

import re

from playwright.sync_api import expect


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
    options = person.page.get_by_role("option").all_inner_texts()
    own = next(name for name in options if name not in ("flexi-cifar10", "plain-cifar10"))
    person.page.get_by_role("option", name=own, exact=True).click()
    person.sees_tokens(64)
    person.waits_for_answer()
    expect(person.page.locator(".bars li")).to_have_count(10)
    assert person.query()["model"] == own


def test_a_training_is_stopped_by_its_button(somebody, start_app):
    server = start_app("stopping")
    person = somebody(server).opens("Train")
    person.chooses("train_data", "sketch10")
    person.types("train_epochs", 50)
    person.presses("train_start")
    expect(person.page.locator(".st-key-train_loss svg path").first).to_be_visible(timeout=120_000)
    person.presses("train_stop")
    person.sees(re.compile("stopped", re.IGNORECASE), seconds=60)
    trainings = [one for one in server.others() if "train" in " ".join(one.cmdline())]
    assert not trainings
