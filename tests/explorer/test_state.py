"""What all pages share."""

import pytest
import streamlit as st

from explorer import state
from vitcore.config import CLASS_NAMES


@pytest.fixture
def session(monkeypatch):
    values = {}
    monkeypatch.setattr(st, "session_state", values)
    return values


def unusable(**query):
    return state.unusable(query, models=["first"], classes=CLASS_NAMES, source="sketch10")


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


def test_possible_values_are_passed_without_a_word(session):
    assert unusable() == []
    assert (
        unusable(
            picture_source="camera",
            picture_class="frog",
            picture_index="999",
            patch_size="32",
            model="first",
            other="anything",
        )
        == []
    )


def test_each_impossible_value_is_named_with_what_is_shown_instead(session):
    assert unusable(patch_size="7") == [
        "Patch size must be one of 2, 3, 4, 5, 6, 8, 11, 16, 32 (got 7). Showing 4."
    ]
    assert unusable(model="zzz") == ["Model zzz not found. Showing first."]
    assert unusable(picture_source="foo") == [
        "Unknown image source foo. Showing sketch10 (synthetic)."
    ]


@pytest.mark.parametrize(
    ("name", "seen"), [("a\u200bb\x07", "a�b�"), ("\u200b", "�"), ("  ", "(empty)")]
)
def test_a_name_that_cannot_be_printed_leaves_a_mark(session, name, seen):
    assert unusable(model=name) == [f"Model {seen} not found. Showing first."]


@pytest.mark.parametrize(
    "value", ["64", "-1", "0.1", "9.1", "1.9", "", "six", "1.2.3", "9999999.1"]
)
def test_a_patch_that_cannot_be_pinned_is_named(value):
    shown = value or "(empty)"
    assert unusable(pinned=value) == [
        f"Pinned patch must be row.column from 1.1 to 8.8 (got {shown})."
    ]
    assert state.patch_asked({"pinned": value}) is None


def test_the_grid_of_the_address_says_which_patches_there_are():
    assert state.patch_asked({"pinned": "8.8"}) == 63
    assert state.patch_asked({"pinned": "16.16", "patch_size": "2"}) == 255
    assert state.patch_asked({"pinned": "5.1", "patch_size": "8"}) is None
    assert state.patch_asked({"pinned": "8.8", "patch_size": "7"}) == 63  # the default's grid
    assert unusable(pinned="4.4", patch_size="8") == []


def test_a_patch_counted_in_another_grid_is_the_one_at_the_same_place():
    # Row 3 and column 7 of 8 lie, by their middles, in row 2 and column 4 of 4.
    assert state.patch_asked({"pinned": "3.7", "grid": "8", "patch_size": "8"}) == 1 * 4 + 3


def test_a_very_long_value_is_cut():
    (sentence,) = unusable(model="z" * 1000)
    assert len(sentence) < 100
