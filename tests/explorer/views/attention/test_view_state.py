"""What the Attention page keeps: its part of the URL, and changes with what they belong to."""

from dataclasses import replace

import pytest
import streamlit as st

from explorer.components.attention_lens.component import LensState
from explorer.views.attention import view_state
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention


class Address(dict):
    """As `st.query_params`: each call is a message and a step for "back", no value is no name."""

    messages = 0

    def update(self, values):
        self.messages += 1
        for name, word in values.items():
            if word:
                self[name] = word
            else:
                self.pop(name, None)

    def get_all(self, name):
        return [self[name]] if name in self else []


@pytest.fixture
def page(monkeypatch):
    """A session and an address: (values, query)."""
    values, query = {"patch_size": 4}, Address()
    monkeypatch.setattr(st, "session_state", values)
    monkeypatch.setattr(st, "query_params", query)
    return values, query


CONFIG = ViTConfig(width=12, depth=2, num_heads=3, head_dim=4, mlp_dim=8)


@pytest.fixture
def of(select):
    def of(patch_size=4, *, config=CONFIG, **rest):
        return select(patch_size, config=config, **rest)

    return of


def test_interventions_belong_to_their_model_and_patches_to_their_grid(page, of, image):
    made = Intervention(ablated_heads=((0, 1),), patches={1: None}, use_pos_embed=False)
    view_state.store(made, of())
    assert view_state.current(of()).intervention == made
    without_patches = replace(made, patches={})
    assert view_state.current(of(8)).intervention == without_patches
    other = of(image=replace(image, key="other"))
    assert view_state.current(other).intervention == without_patches
    assert view_state.current(of(name="two")).intervention == Intervention()


def test_nothing_is_changed_at_first(page, of):
    assert view_state.current(of()).intervention == Intervention()


@pytest.fixture
def follows(page, of):
    """Run the page on what the address and the sidebar say."""

    values, _ = page

    def follow(*, back=False, patch_size=4, config=CONFIG):
        if back:
            values[view_state.WENT_BACK] = True
        return view_state.follow_url(of(patch_size, config=config))

    return follow


def test_a_link_sets_all_of_the_lens(page, of, follows):
    _, query = page
    query |= {
        "direction": "key",
        "scale": "shared",
        "head": "2.3",
        "ablated": "1 2.1",
        "patches": "1.1-x",
        "grid": "8",
        "positions": "off",
    }
    link = follows()
    made = Intervention(
        ablated_heads=((0, 0), (0, 1), (0, 2), (1, 0)), patches={0: None}, use_pos_embed=False
    )
    assert view_state.current(of()).intervention == made
    present = view_state.lens_state(of())
    assert (present.looked_at, present.common, present.head) == (True, True, (1, 2))
    assert link.state == present
    assert view_state.adopt()
    assert query["ablated"] == "1 2.1"


def test_what_cannot_be_is_named_until_something_is_set_and_leaves_the_address(page, of, follows):
    _, query = page
    query |= {"head": "9.9", "ablated": "2.1"}
    follows()
    (note,) = view_state.notes(of())
    assert "from 1.1 to 2.3 (got 9.9)" in note
    assert query == {"ablated": "2.1"}
    view_state.store(Intervention(), of(), in_lens=True)
    assert view_state.notes(of()) == []
    view_state.show_url(of())
    assert query == {}


def test_going_back_to_an_address_without_a_word_lets_go_of_everything(page, of, follows):
    _, query = page
    follows()
    view_state.store(Intervention(use_pos_embed=False), of(), in_lens=True)
    assert follows(back=True).state == LensState()
    assert view_state.current(of()).intervention == Intervention()
    assert query == {}


def test_a_reset_of_several_changes_is_one_step_back(page, of, follows):
    _, query = page
    query |= {"ablated": "1.1", "patches": "1.1-x", "positions": "off", "grid": "8"}
    follows()
    before = query.messages
    view_state.store(Intervention(), of(), in_lens=True)
    view_state.show_url(of())
    assert query == {}
    view_state.show_url(of())
    assert query.messages == before + 1


def test_the_address_follows_the_patch_size(page, of, follows):
    _, query = page
    follows()
    view_state.store(Intervention(patches={0: None}), of(), in_lens=True)
    view_state.show_url(of())
    assert query == {"grid": "8", "patches": "1.1-x"}
    follows(patch_size=8)
    assert query == {}


def test_a_model_that_cannot_be_read_leaves_the_address_alone(page, follows):
    _, query = page
    query["ablated"] = "1"
    assert follows(config=None) is None
    assert query == {"ablated": "1"}
