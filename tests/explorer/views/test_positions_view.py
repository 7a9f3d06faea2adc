"""Positions, opened on answers that are there, awaited or refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import client
from explorer.records import TokenMaps
from explorer.results import Failure, Pending, Ready
from vitcore.config import PRESETS, grid_side
from vitcore.initialisation import initial_weights
from vitcore.interpret.token_similarity import token_components, token_similarity
from vitcore.intervention import Intervention

VIEW = Path(__file__).resolve().parents[3] / "explorer" / "views" / "positions.py"
WAITING = Pending("Starting the model.", "The image can be used meanwhile.", 0.4)
PROBLEM = Failure("The model stopped.", "Choose another.")
SMALL = replace(PRESETS["flexi"], width=12, num_heads=1, depth=1, mlp_dim=4)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def open_positions(monkeypatch, select, fake_forward, make_reading, asked):
    def open_positions(*, patch_size=8, config=SMALL, answer=None):
        def forward(selection):
            intervention = selection.intervention
            asked.append(intervention)
            if answer is not None:
                return answer
            logits = np.zeros(10)
            logits[6] = 3
            if intervention.use_pos_embed and intervention.patches:
                logits[2] = 5
            return make_reading(
                selection.patch_size, prefix=config.num_prefix_tokens, logits=logits
            )

        def maps(selection):
            if answer is not None:
                return answer
            side = selection.side
            tokens = np.random.default_rng(0).normal(size=(3, side**2, 5))
            found = token_similarity(tokens), *token_components(tokens)
            return Ready(TokenMaps((side, side), *found))

        monkeypatch.setattr(client, "token_maps", maps)
        monkeypatch.setattr(client, "weights", lambda model: initial_weights(model.config))
        fake_forward(forward)
        view = AppTest.from_file(str(VIEW), default_timeout=20)
        view.session_state["selection"] = select(patch_size, config=config)
        view.session_state["patch_size"] = patch_size
        for name in ("positions_tiles", "positions_tiles_mimetic"):
            view.session_state[f"reading_{name}"] = True  # its notes are unfolded
        return view.run()

    return open_positions


def bodies(view, words):
    return [e.proto.body for e in view.get("html") if words in e.proto.body]


def finding(view, number=0):
    return bodies(view, 'class="finding"')[number]


@pytest.mark.parametrize("patch_size", [2, 11, 32])
def test_any_stop_opens(open_positions, payloads, patch_size):
    view = open_positions(patch_size=patch_size)
    assert not view.exception
    assert [title.value for title in view.title] == ["Position embeddings"]
    header, arrays = payloads(view)["positions"]
    side = grid_side(patch_size)
    assert header["grid"] == [side, side]
    pairs = side**2 * (side**2 + 1) // 2  # of one triangle, two bytes each
    assert arrays["cosines"].shape == (4, 2 * pairs)


def test_more_patches_than_can_be_compared_are_not(open_positions, monkeypatch):
    """Of 1,296 patches 1.7 million cosines: for no encoding, and for no block."""
    compared = []
    monkeypatch.setattr("vitcore.interpret.positions.cosine_similarity", compared.append)
    monkeypatch.setattr("explorer.text.position_encodings.cosine_similarity", compared.append)
    view = open_positions(patch_size=2, config=replace(SMALL, image_size=72))
    assert not view.exception
    assert compared == []
    assert len(bodies(view, "Too many patches")) == 3


def test_one_token_is_drawn_and_cannot_be_shuffled(open_positions, payloads, asked):
    view = open_positions(patch_size=32)
    assert len(bodies(view, 'class="finding"')) == 2
    assert "Only one position" in finding(view)
    header, _ = payloads(view)["shuffle"]
    assert not header["moves"]
    assert header["absent"]["kind"] == "waiting"
    assert len(bodies(view, "figure-state empty")) == 2
    assert asked == [Intervention()]


def test_the_predictions_are_those_of_the_shuffled_image(open_positions, payloads, asked):
    view = open_positions()
    assert re.search(r": frog \d+% → bird \d+%\. Without: no change \(frog \d", finding(view, 1))
    header, arrays = payloads(view)["shuffle"]
    assert [row.argmax() for row in arrays["answers"]] == [6, 2, 6, 6]
    assert not np.array_equal(arrays["original"], arrays["shuffled"])
    assert "max. difference 0" in header["notes"]
    moves = [wish.patches for wish in asked if wish.patches]
    assert len(moves) == 2
    assert moves[0] == moves[1]
    assert sorted(moves[0].values()) == list(range(16))
    assert sorted({wish.use_pos_embed for wish in asked}) == [False, True]


def test_shuffle_again_takes_another_order(open_positions, asked):
    view = open_positions()
    first = asked[1].patches
    asked.clear()
    view.session_state["shuffle"] = "1"
    view.run()
    assert not view.exception
    assert asked[1].patches != first


@pytest.mark.parametrize("answer, kind", [(WAITING, "loading"), (PROBLEM, "error")])
def test_the_tiles_need_no_model(open_positions, payloads, answer, kind):
    view = open_positions(answer=answer)
    assert not view.exception
    sent = payloads(view)
    assert {"positions", "token_maps"} & sent.keys() == {"positions"}
    assert sent["shuffle"][0]["absent"]["kind"] == {"loading": "waiting"}.get(kind, kind)
    assert "answers" not in sent["shuffle"][1]
    assert len(bodies(view, f"figure-state {kind}")) == 1
    assert "frog" not in finding(view, 1)


@pytest.mark.parametrize("positions", ["none", "sincos1d", "sincos2d"])
def test_models_without_learned_positions_say_what_they_have(open_positions, payloads, positions):
    view = open_positions(config=replace(SMALL, positions=positions))
    assert not view.exception
    first = payloads(view)["positions"][0]["kinds"][0]["name"]
    if positions == "none":
        assert "permutation-invariant" in finding(view)
    else:
        assert first == positions
        assert "random init" in finding(view)


@pytest.mark.parametrize("weight_init", ["mimetic", "xavier"])
def test_what_interpolating_does_is_said_with_the_number_of_the_page(
    open_positions, payloads, weight_init
):
    view = open_positions(config=replace(SMALL, weight_init=weight_init))
    note = payloads(view)["positions"][0]["kinds"][-1]["note"]
    (text,) = [one.value for one in view.markdown if "8 × 8" in one.value]
    assert f"(random init here: {note.removeprefix('r = ')})" in text
    assert ("article-cifar10" in text) is (weight_init == "mimetic")


def test_a_class_token_opens_too(open_positions):
    assert not open_positions(config=replace(SMALL, pooling="class")).exception


def test_a_model_that_cannot_be_read_is_said_so(open_positions):
    view = open_positions(config=None, answer=PROBLEM)
    assert not view.exception
    assert len(view.title) == 1
    assert any("There is no model demo." in body for body in bodies(view, "figure-state error"))


def test_tokens_are_compared_after_every_block(open_positions, payloads):
    view = open_positions()
    header, arrays = payloads(view)["token_maps"]
    assert header["grid"] == [4, 4]
    assert arrays["colors"].shape == (3, 16, 3)
    assert re.search(r"cosine .* at the embedding, .* after block 2", finding(view, 3))


@pytest.mark.parametrize(("patch_size", "patches"), [(4, 16), (8, 4)])
def test_patches_are_shuffled_in_the_grid_of_the_model(open_positions, asked, patch_size, patches):
    config = replace(SMALL, image_size=16)
    view = open_positions(patch_size=patch_size, config=config)
    assert not view.exception
    moves = [wish.patches for wish in asked if wish.patches]
    assert sorted(moves[0].values()) == list(range(patches))
