"""Patches, opened on answers that are there, awaited or refused."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer import services
from explorer.readings import Problem, Waiting
from vitcore.checkpoints import CheckpointError
from vitcore.config import PATCH_SIZES, PRESETS, grid_side
from vitcore.initialisation import initial_weights

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "patches.py"
WAITING = Waiting("Starting the model.", "The picture can be used meanwhile.", 0.4)
PROBLEM = Problem("The model stopped.", "Choose another.")
SMALL = replace(PRESETS["flexi"], width=12, heads=1, depth=1, mlp_width=4)


@pytest.fixture
def open_patches(monkeypatch, picture, make_reading):
    def open_patches(*, patch_size=4, config=SMALL, difference=3e-7, answer=None):
        def weights(model):
            if config is None:
                raise CheckpointError("weights.safetensors of demo is damaged: cut off")
            return config, initial_weights(config)

        def reading(model, picture, size, **_):
            return answer or make_reading(size, prefix=config.prefix if config else 0)

        monkeypatch.setattr(services, "weights", weights)
        monkeypatch.setattr(services, "reading", reading)
        monkeypatch.setattr(services, "dense_equals_conv", lambda *_: difference)
        view = AppTest.from_file(str(VIEW), default_timeout=20)
        view.session_state["chosen_picture"] = picture
        view.session_state["patch_size"] = patch_size
        view.session_state["model"] = "demo"
        view.session_state["reading_patches_flow"] = True  # its notes are unfolded
        return view.run()

    return open_patches


def states(view, kind):
    return [e.proto.body for e in view.get("html") if f"figure-state {kind}" in e.proto.body]


@pytest.mark.parametrize("patch_size", PATCH_SIZES)
def test_every_stop_opens_and_says_its_patches_and_tokens(open_patches, payloads, patch_size):
    view = open_patches(patch_size=patch_size)
    assert not view.exception
    (title,) = view.title
    count = grid_side(patch_size) ** 2
    patches = "1 patch" if count == 1 else f"{count} patches"
    assert f"becomes {patches} of {3 * patch_size**2:,} numbers, " in title.value
    assert title.value.endswith("a token of 12")
    assert ("each a token" in title.value) == (count > 1)
    sent = payloads(view)
    tokens = "1 token: " if count == 1 else f"{count} tokens: "
    assert sent["patches"][0]["captions"][-1].startswith(tokens)
    assert sent["patches"][0]["grid"] == [grid_side(patch_size)] * 2
    assert sent["cost"][0]["P"] == patch_size
    assert sent["filters"][1]["filters"].shape == (12, patch_size, patch_size, 3)
    assert (sent["ribbon"][0]["mode"], sent["ribbon"][0]["now"]) == ("strip", "patches")


def test_the_largest_difference_is_printed(open_patches):
    text = "\n".join(element.value for element in open_patches().markdown)
    assert "Largest difference 3·10⁻⁷" in text
    assert "64 rows of 48 numbers" in text
    text = "\n".join(element.value for element in open_patches(difference=0.0).markdown)
    assert "Largest difference 0**: not one bit differs" in text


def test_everything_that_needs_no_model_is_there_while_it_is_awaited(open_patches, payloads):
    view = open_patches(difference=WAITING, answer=WAITING)
    assert not view.exception
    sent = payloads(view)
    assert "codes" in sent["patches"][1]
    assert "filters" in sent
    assert sent["ribbon"][0]["state"] == "waiting"
    assert len(states(view, "loading")) == 1


def test_a_problem_of_the_model_leaves_the_rest(open_patches, payloads):
    view = open_patches(difference=PROBLEM, answer=PROBLEM)
    assert not view.exception
    assert len(states(view, "error")) == 1
    assert "codes" in payloads(view)["patches"][1]


def test_damaged_weights_leave_the_picture_and_its_patches(open_patches, payloads):
    view = open_patches(config=None, difference=PROBLEM, answer=PROBLEM)
    assert not view.exception
    sent = payloads(view)
    assert "codes" not in sent["patches"][1]
    assert sent["cost"][0]["P"] == 4
    assert any("is damaged: cut off" in body for body in states(view, "error"))


@pytest.mark.parametrize(
    "config", [replace(SMALL, pooling="class"), replace(SMALL, pixel_range="unit")]
)
def test_other_models_open_too(open_patches, payloads, config):
    view = open_patches(config=config)
    assert not view.exception
    low = payloads(view)["patches"][0]["low"]
    assert low == (0 if config.pixel_range == "unit" else -1)


def test_the_mistake_of_the_article_is_named(open_patches):
    text = "\n".join(element.value for element in open_patches().markdown)
    assert "N = HW/P²" in text
    assert "An often-read article (“Understand and Implement" in text
    assert "prints N = HW/P, which would be 4,096" in text
