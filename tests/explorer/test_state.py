"""What all pages share."""

import pytest
import streamlit as st

from explorer import state


@pytest.fixture
def session(monkeypatch):
    values = {}
    monkeypatch.setattr(st, "session_state", values)
    return values


def test_a_pinned_patch_stays_at_its_place_when_the_patch_size_moves(session):
    session["patch_size"] = 4
    state.pin(8 * 7 + 6)  # row 7 of 8, column 6 of 8
    session["patch_size"] = 8
    assert state.pinned() == 4 * 3 + 3
    session["patch_size"] = 2
    assert state.pinned() == 16 * 15 + 13
    session["patch_size"] = 32
    assert state.pinned() == 0
    session["patch_size"] = 4
    assert state.pinned() == 8 * 7 + 6


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 8, 11, 16, 32])
def test_every_patch_can_be_pinned(session, size):
    session["patch_size"] = size
    last = max(1, round(32 / size)) ** 2 - 1
    for patch in range(last + 1):
        state.pin(patch)
        assert state.pinned() == patch
    with pytest.raises(ValueError, match=f"0..{last}, got {last + 1}"):
        state.pin(last + 1)


def test_nothing_is_pinned_at_first_and_after_unpinning(session):
    session["patch_size"] = 4
    assert state.pinned() is None
    state.pin(3)
    state.pin(None)
    assert state.pinned() is None
