"""Patches, opened on answers that are there, awaited or refused."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer import client
from explorer.client import activations
from explorer.results import Failure, Pending, Ready
from vitcore.config import PRESETS, grid_side
from vitcore.initialisation import initial_weights

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "patches.py"
WAITING = Pending("Starting the model.", "The image can be used meanwhile.", 0.4)
PROBLEM = Failure("The model stopped.", "Choose another.")
SMALL = replace(PRESETS["flexi"], width=12, num_heads=1, depth=1, mlp_dim=4)


@pytest.fixture
def open_patches(monkeypatch, select, fake_forward, make_reading):
    def open_patches(*, patch_size=4, config=SMALL, difference=3e-7, answer=None):
        def forward(selection):
            return answer or make_reading(selection.patch_size, prefix=config.num_prefix_tokens)

        found = Ready(difference) if isinstance(difference, float) else difference
        for module in (client, activations):
            monkeypatch.setattr(module, "weights", lambda model: initial_weights(model.config))
        activations._embedded.clear()  # models of the tests share a folder
        fake_forward(forward)
        monkeypatch.setattr(client, "dense_conv_difference", lambda *_: found)
        view = AppTest.from_file(str(VIEW), default_timeout=20)
        view.session_state["selection"] = select(patch_size, config=config)
        view.session_state["reading_patches_flow"] = True  # its notes are unfolded
        return view.run()

    return open_patches


def states(view, kind):
    return [e.proto.body for e in view.get("html") if f"figure-state {kind}" in e.proto.body]


def findings(view):
    return [e.proto.body for e in view.get("html") if 'class="finding"' in e.proto.body]


@pytest.mark.parametrize("patch_size", [2, 11, 32])
def test_any_stop_opens_with_its_patches_and_tokens(open_patches, payloads, patch_size):
    view = open_patches(patch_size=patch_size)
    assert not view.exception
    assert [title.value for title in view.title] == ["Patch embedding"]
    count = grid_side(patch_size) ** 2
    (finding, *_) = findings(view)
    assert f"{count} patch{'' if count == 1 else 'es'} × {3 * patch_size**2:,} " in finding
    assert f"{count} token{'' if count == 1 else 's'} × 12 " in finding
    sent = payloads(view)
    assert sent["patches"][0]["captions"][-1] == f"`({count}, 12)`"
    assert sent["patches"][0]["grid"] == [grid_side(patch_size)] * 2
    assert sent["cost"][0]["P"] == patch_size
    assert sent["filters"][1]["filters"].shape == (12, patch_size, patch_size, 3)
    assert (sent["pipeline"][0]["mode"], sent["pipeline"][0]["now"]) == ("strip", "patches")


def test_the_largest_difference_is_printed(open_patches):
    text = "\n".join(element.value for element in open_patches().markdown)
    assert "Conv2D(kernel_size=4, strides=4)" in text
    assert "difference 3·10⁻⁷, rounding)" in text
    text = "\n".join(element.value for element in open_patches(difference=0.0).markdown)
    assert "difference 0)" in text


def test_everything_that_needs_no_model_is_there_while_it_is_awaited(open_patches, payloads):
    view = open_patches(difference=WAITING, answer=WAITING)
    assert not view.exception
    sent = payloads(view)
    assert "embedding" in sent["patches"][1]
    assert "filters" in sent
    assert sent["pipeline"][0]["state"] == "waiting"
    assert len(states(view, "loading")) == 1


def test_a_problem_of_the_model_leaves_the_rest(open_patches, payloads):
    view = open_patches(difference=PROBLEM, answer=PROBLEM)
    assert not view.exception
    assert len(states(view, "error")) == 1
    assert "embedding" in payloads(view)["patches"][1]


def test_damaged_weights_leave_the_image_and_its_patches(open_patches, payloads):
    view = open_patches(config=None, difference=PROBLEM, answer=PROBLEM)
    assert not view.exception
    sent = payloads(view)
    assert "embedding" not in sent["patches"][1]
    assert "token" not in findings(view)[0]
    assert sent["cost"][0]["P"] == 4
    assert any("There is no model demo." in body for body in states(view, "error"))


@pytest.mark.parametrize(
    "config, scaled",
    [
        (replace(SMALL, pooling="class"), "scaled to −1 to 1"),
        (replace(SMALL, pixel_range="unit"), "scaled to 0 to 1"),
    ],
)
def test_other_models_open_too(open_patches, config, scaled):
    view = open_patches(config=config)
    assert not view.exception
    assert any(scaled in element.value.replace("\n", " ") for element in view.markdown)


def test_the_mistake_of_the_article_is_named(open_patches):
    text = "\n".join(element.value for element in open_patches().markdown)
    assert "N = HW/P²" in text
    assert "prints N = HW/P, a misprint" in text
    assert "N is 256, not 4,096" in text
