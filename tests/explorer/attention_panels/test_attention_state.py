"""What the Attention page keeps: the pin's address, and changes with what they belong to."""

from dataclasses import replace

import pytest
import streamlit as st

from explorer import state
from explorer.attention_panels import attention_state
from vitcore.intervention import Intervention


@pytest.fixture
def page(monkeypatch):
    """A session and an address: (values, query)."""
    values, query = {"patch_size": 4}, {}
    monkeypatch.setattr(st, "session_state", values)
    monkeypatch.setattr(st, "query_params", query)
    return values, query


def test_changes_belong_to_their_model_and_patches_to_their_grid(page, picture):
    made = Intervention(heads_off=((0, 1),), patches={1: None}, positions=False)
    attention_state.keep(made, "one", picture, 4)
    assert attention_state.changes("one", picture, 4) == made
    without_patches = replace(made, patches={})
    assert attention_state.changes("one", picture, 8) == without_patches
    assert attention_state.changes("one", replace(picture, key="other"), 4) == without_patches
    assert attention_state.changes("two", picture, 4) == Intervention()


def test_nothing_is_changed_at_first(page, picture):
    assert attention_state.changes("one", picture, 4) == Intervention()


def test_a_link_pins_its_patch_once(page):
    values, query = page
    values["pin_asked"] = 9
    first = attention_state.follow_link(entered=True)
    assert first[1] == 9
    assert query == {"pinned": "9"}
    assert attention_state.follow_link(entered=False) == first
    state.pin(3)
    assert attention_state.follow_link(entered=False) == first
    assert query == {"pinned": "3"}


def test_going_back_to_an_address_without_a_pin_lets_go(page):
    values, query = page
    state.pin(5)
    values["pin_asked"] = None
    assert attention_state.follow_link(entered=False)[1] is None
    assert state.pinned() is None
    assert query == {}


def test_on_a_page_that_is_opened_the_window_knows_the_pin(page):
    state.pin(5)
    assert attention_state.follow_link(entered=True) is None
    assert state.pinned() is None


def test_the_address_follows_the_patch_size(page):
    values, query = page
    state.pin(8 * 7 + 6)
    attention_state.show_pin()
    assert query == {"pinned": "62"}
    values["patch_size"] = 8
    attention_state.follow_link(entered=False)
    assert query == {"pinned": "15"}
    state.pin(None)
    attention_state.show_pin()
    assert query == {}


def test_an_impossible_pin_stays_in_the_address(page):
    values, query = page
    query["pinned"] = "999"
    values["pin_asked"] = state.patch_asked(query)
    attention_state.follow_link(entered=True)
    assert state.pinned() is None
    assert query == {"pinned": "999"}
