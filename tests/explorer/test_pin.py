"""The pinned token: its patch in another grid, and what is believed of what the browser sends."""

from types import SimpleNamespace

import pytest
import streamlit as st

from explorer import pin
from explorer.components.pin.component import sent_pin
from explorer.selection import Pin
from vitcore.config import PATCH_SIZES, grid_side


@pytest.mark.parametrize(
    ("pinned", "side", "patch"),
    [
        (Pin(8 * 7 + 6, 8), 4, 4 * 3 + 3),  # row 8 of 8, column 7 of 8
        (Pin(8 * 7 + 6, 8), 16, 16 * 15 + 13),
        (Pin(8 * 7 + 6, 8), 1, 0),
        (Pin(0, 1), 8, 36),  # the middle
        (Pin(-1, 8), 8, None),
    ],
)
def test_a_pinned_patch_stays_at_its_position_in_the_image(pinned, side, patch):
    assert pinned.patch(side) == patch


@pytest.mark.parametrize("side", sorted({grid_side(size) for size in PATCH_SIZES}))
def test_every_patch_is_itself_in_its_own_grid(side):
    patches = range(side * side)
    assert [Pin(patch, side).patch(side) for patch in patches] == [*patches]


@pytest.mark.parametrize(
    ("sent", "found"), [([9, 8, 8], Pin(9, 8)), ([-2, 8, 8], Pin(-2, 8)), ([], None)]
)
def test_what_the_browser_pins(sent, found):
    assert sent_pin(SimpleNamespace(pinned=sent)) == found


@pytest.mark.parametrize(
    "sent",
    [None, 9, "9", [9], [64, 8, 8], [-99, 8, 8], [0, 0, 0], [1.5, 8, 8], [True, 8, 8], [0, 9, 8]],
)
def test_what_is_no_token_is_no_pin(sent):
    assert sent_pin(SimpleNamespace(pinned=sent)) is None


def test_nothing_is_pinned_at_first_nor_by_a_word_that_is_none(monkeypatch):
    values = {}
    monkeypatch.setattr(st, "session_state", values)
    assert pin.pinned() is None
    values["pinned"] = "2.3-of-8"
    assert pin.pinned() == Pin(10, 8)
    values["pinned"] = "nowhere"
    assert pin.pinned() is None
