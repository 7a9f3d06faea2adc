"""Positions, opened on answers that are there, awaited or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import services
from explorer.readings import Problem, Waiting
from vitcore.checkpoints import CheckpointError
from vitcore.config import PATCH_SIZES, PRESETS, grid_side
from vitcore.initialisation import initial_weights

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "positions.py"
WAITING = Waiting("Starting the model.", "The picture can be used meanwhile.", 0.4)
PROBLEM = Problem("The model stopped.", "Choose another.")
SMALL = replace(PRESETS["flexi"], width=12, heads=1, depth=1, mlp_width=4)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def open_positions(monkeypatch, picture, make_reading, asked):
    def open_positions(*, patch_size=8, config=SMALL, answer=None):
        def weights(model):
            if config is None:
                raise CheckpointError("there is no model demo")
            return config, initial_weights(config)

        def reading(model, picture, size, *, intervention=None, **_):
            asked.append(intervention)
            if answer is not None:
                return answer
            logits = np.zeros(10)
            logits[6] = 3
            if intervention and intervention.positions and intervention.patches:
                logits[2] = 5
            return make_reading(size, prefix=config.prefix, logits=logits)

        monkeypatch.setattr(services, "weights", weights)
        monkeypatch.setattr(services, "reading", reading)
        view = AppTest.from_file(str(VIEW), default_timeout=20)
        view.session_state["chosen_picture"] = picture
        view.session_state["patch_size"] = patch_size
        view.session_state["model"] = "demo"
        view.session_state["reading_positions_tiles"] = True  # its notes are unfolded
        return view.run()

    return open_positions


def bodies(view, words):
    return [e.proto.body for e in view.get("html") if words in e.proto.body]


@pytest.mark.parametrize("patch_size", PATCH_SIZES)
def test_every_stop_opens(open_positions, payloads, patch_size):
    view = open_positions(patch_size=patch_size)
    assert not view.exception
    assert len(view.title) == 1
    header, arrays = payloads(view)["positions"]
    side = grid_side(patch_size)
    assert header["grid"] == [side, side]
    assert arrays["codes"].shape == (4, side, side, side, side)


def test_one_token_is_drawn_and_cannot_be_shuffled(open_positions, asked):
    view = open_positions(patch_size=32)
    assert "one position" in view.title[0].value
    assert view.button(key="positions_shuffle").disabled
    assert len(bodies(view, "figure-state empty")) == 2
    assert asked == [None]


def test_the_answers_are_those_of_the_shuffled_picture(open_positions, asked):
    view = open_positions()
    titles = [element.value for element in view.subheader]
    assert titles[0].startswith("With positions, shuffling changes the answer (frog ")
    assert "without them it cannot (frog " in titles[0]
    assert len(bodies(view, 'alt="Shuffled"')) == 1
    (figure,) = bodies(view, 'class="shuffle answers"')
    assert "largest difference 0<" in figure
    moves = [wish.patches for wish in asked if wish and wish.patches]
    assert len(moves) == 2
    assert moves[0] == moves[1]
    assert sorted(moves[0].values()) == list(range(16))
    assert sorted({wish.positions for wish in asked if wish}) == [False, True]


def test_shuffle_again_takes_another_order(open_positions, asked):
    view = open_positions()
    first = asked[1].patches
    asked.clear()
    view.button(key="positions_shuffle").click().run()
    assert not view.exception
    assert asked[1].patches != first


@pytest.mark.parametrize("answer, kind", [(WAITING, "loading"), (PROBLEM, "error")])
def test_the_tiles_need_no_model(open_positions, payloads, answer, kind):
    view = open_positions(answer=answer)
    assert not view.exception
    assert "positions" in payloads(view)
    assert len(bodies(view, f"figure-state {kind}")) == 1


@pytest.mark.parametrize("positions", ["none", "sincos1d", "sincos2d"])
def test_models_without_learned_positions_say_what_they_have(open_positions, payloads, positions):
    view = open_positions(config=replace(SMALL, positions=positions))
    assert not view.exception
    first = payloads(view)["positions"][0]["kinds"][0]["name"]
    if positions == "none":
        assert "adds no positions" in view.title[0].value
    else:
        assert first == positions
        assert "untrained ones" in view.title[0].value


@pytest.mark.parametrize("patch_size, words", [(4, "stored grid, 8 × 8"), (8, "resized to 4 × 4")])
def test_what_resizing_does_is_said_with_the_number_of_the_page(open_positions, patch_size, words):
    view = open_positions(patch_size=patch_size)
    assert any(words in element.value for element in view.markdown)


def test_a_class_token_opens_too(open_positions):
    assert not open_positions(config=replace(SMALL, pooling="class")).exception


def test_a_model_that_cannot_be_read_is_said_so(open_positions):
    view = open_positions(config=None, answer=PROBLEM)
    assert not view.exception
    assert len(view.title) == 1
    assert any("There is no model demo." in body for body in bodies(view, "figure-state error"))
