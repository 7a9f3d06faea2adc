"""Overview, opened on answers that are there, awaited or refused."""

from dataclasses import replace

import numpy as np
import pytest

from explorer import components
from explorer.client import models
from explorer.results import Failure, Pending
from vitcore.config import PATCH_SIZES, PRESETS

WAITING = Pending("Loading.", "", 0.4)


def text(view):
    return "\n".join(element.value for element in view.markdown)


def html(view):
    return "\n".join(element.proto.body for element in view.get("html"))


def test_the_finding_is_the_prediction_and_the_name_stays(open_view, make_reading, payloads):
    logits = [0, 0, 0, 0, 0, 0, 9, 0, 0, 0]
    view = open_view("overview", lambda size: make_reading(size, logits=logits))
    assert not view.exception
    assert [title.value for title in view.title] == ["Overview"]
    assert "Prediction: frog, 99.9% (correct)" in html(view)
    assert payloads(view)["pipeline"][0]["state"] == "reading"
    waiting = open_view("overview", WAITING)
    assert [title.value for title in waiting.title] == ["Overview"]
    assert "Prediction: " not in html(waiting)


def test_the_number_of_tokens_stands_once_in_the_text(open_view, make_reading):
    view = open_view("overview", make_reading, patch_size=8)
    assert text(view).count("20 tokens") == 1  # 16 patches, 4 registers


def test_the_number_of_tokens_stands_there_while_the_model_is_awaited(open_view, payloads):
    view = open_view("overview", WAITING)
    assert not view.exception
    assert "**68 tokens**" in text(view)
    sent = payloads(view)
    assert sent["pipeline"][0]["state"] == "waiting"
    assert all(tile["share"] is None for tile in sent["patch_size_tiles"][0]["tiles"])
    assert len(view.title) == 1


def test_a_problem_is_said_in_the_figure(open_view, payloads):
    view = open_view("overview", Failure("The model stopped.", "Choose another."))
    assert not view.exception
    header = payloads(view)["pipeline"][0]
    assert (header["state"], header["what"]) == ("problem", "The model stopped.")


def test_other_sizes_are_asked_only_once_the_present_one_has_answered(open_view, make_reading):
    asked = []

    def answer(size):
        asked.append(size)
        return WAITING

    open_view("overview", answer)
    assert asked == [4]


def test_answers_that_are_still_awaited_leave_their_tiles_open(open_view, make_reading, payloads):
    view = open_view("overview", lambda size: make_reading(4) if size == 4 else WAITING)
    tiles = payloads(view)["patch_size_tiles"][0]["tiles"]
    assert [tile["patch"] for tile in tiles if tile["share"] is not None] == [4]
    assert len(tiles) == len(PATCH_SIZES)


def test_with_a_class_token_the_help_is_about_it(open_view, make_reading):
    view = open_view("overview", lambda size: make_reading(size, prefix=1), config=PRESETS["plain"])
    assert not view.exception
    assert "**65 tokens** = 64 patches + 1 class token" in text(view)
    keys = {element.key for element in view.expander}
    assert "reading_overview_class_token" in keys
    assert "reading_overview" not in keys


@pytest.mark.parametrize(("sizes", "said"), [((), "at P = 4."), ((2, 4), "at P = 2, 4.")])
def test_the_caption_says_at_which_sizes_a_model_was_trained(
    open_view, make_reading, monkeypatch, sizes, said
):
    monkeypatch.setattr(models, "card", lambda _: {"train": {"patch_sizes": sizes}})
    assert said in html(open_view("overview", make_reading))


def test_each_tile_has_the_test_accuracy_of_the_card(open_view, make_reading, monkeypatch):
    card = {
        "accuracy": {"cifar10": {"4": 0.893, "8": 0.869}, "sketch10": {"4": 1.0}},
        "measured_on": {"cifar10": 10_000, "sketch10": 2_000},
    }
    monkeypatch.setattr(models, "card", lambda _: card)
    seen = {}
    monkeypatch.setattr(components, "cut_sizes", lambda *_, **given: seen.update(given))
    view = open_view("overview", make_reading)
    assert "10,000 CIFAR-10 images" in html(view)
    assert seen["known"] == {4: "test 89%", 8: "test 87%"}


@pytest.mark.parametrize("classes", [7, 100])
def test_a_model_with_other_classes_has_no_true_label(open_view, make_reading, payloads, classes):
    config = replace(PRESETS["flexi"], classes=classes)
    logits = 9 * np.eye(classes)[-1]
    view = open_view("overview", lambda size: make_reading(size, logits=logits), config=config)
    assert not view.exception
    assert f"Prediction: class {classes - 1}, " in html(view)
    sent = payloads(view)
    for name in ("pipeline", "patch_size_tiles"):
        assert sent[name][0]["truth"] is None
        assert len(sent[name][0]["names"]) == classes


def test_patches_are_counted_in_images_of_the_model(open_view, payloads):
    view = open_view("overview", WAITING, config=replace(PRESETS["flexi"], image_size=16))
    assert "**20 tokens**" in text(view)  # 4 x 4 patches, 4 registers
    sent = payloads(view)
    assert sent["pipeline"][0]["grid"] == [4, 4]
    assert [t["grid"] for t in sent["patch_size_tiles"][0]["tiles"]] == [8, 5, 4, 3, 3, 2, 1, 1]
