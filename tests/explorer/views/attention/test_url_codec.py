"""The state of the lens in a URL: every state comes back, and nothing else is believed."""

import pytest

from explorer.components.attention_lens.component import LensState
from explorer.views.attention import share_link
from explorer.views.attention.url_codec import NAMES, asked, shuffled, written
from vitcore.intervention import Intervention


def back(words, *, side=4, blocks=3, heads=2):
    return asked(words, side=side, blocks=blocks, heads=heads)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LensState(), {}),
        (LensState(looked_at=True, common=True), {"direction": "looked-at", "scale": "common"}),
        (LensState(head=(2, 1)), {"head": "3.2"}),
        (
            LensState(
                changes=Intervention(ablated_heads=((0, 1), (2, 0), (2, 1)), use_pos_embed=False)
            ),
            {"off": "1.2 3", "positions": "off"},
        ),
        (
            LensState(changes=Intervention(patches={0: None, 5: 6, 6: 5})),
            {"grid": "4", "patches": "1.1-x 2.2-2.3 2.3-2.2"},
        ),
    ],
)
def test_only_what_differs_from_the_default_is_written_and_read_back(state, words):
    assert written(state, side=4, heads=2) == words
    assert back(words) == (state, [])
    assert set(words) <= set(NAMES)


def test_a_pin_is_written_as_it_is_shown():
    words = written(LensState(pinned=6), side=4, heads=2)
    assert words == {"pinned": "2.3", "grid": "4"}


@pytest.mark.parametrize("side", [2, 16])
def test_a_shuffle_is_its_seed_and_what_was_changed_after_it(side):
    order = shuffled(77, side * side)
    assert sorted(order) == list(range(side * side))
    patches = {t: s for t, s in enumerate(order) if s != t} | {3: None}
    state = LensState(changes=Intervention(patches=patches), shuffle=77)
    words = written(state, side=side, heads=2)
    if side == 16:
        assert words["patches"] == "shuffled-77 1.4-x"
    (again, _) = back(words, side=side)
    assert again.changes == state.changes


def test_the_seed_of_a_shuffle_that_was_taken_back_is_not_said():
    state = LensState(changes=Intervention(patches={0: 1, 1: 0}), shuffle=5)
    assert written(state, side=8, heads=2)["patches"] == "1.1-1.2 1.2-1.1"


def test_a_list_written_by_hand_may_have_commas():
    state, sentences = back({"off": "3.2,1", "patches": "1.1-x,2.1-x"})
    assert state.changes.ablated_heads == ((0, 0), (0, 1), (2, 1))
    assert state.changes.patches == {0: None, 4: None}
    assert not sentences


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"direction": "up"}, "Direction must be looked-at (got up)."),
        ({"scale": ""}, "Scale must be common (got (empty))."),
        ({"positions": "on"}, "Positions must be off (got on)."),
        ({"head": "4.1"}, "(got 4.1)"),
        ({"head": "1"}, "from 1.1 to 3.2 (got 1)"),
        ({"off": "1.3"}, "from 1.1 to 3.2 (got 1.3)"),
        ({"off": "¹"}, "(got ¹)"),
        ({"patches": "5.1-x"}, "from 1.1 to 4.4 (got 5.1-x)"),
        ({"patches": "1.1-1.9"}, "(got 1.1-1.9)"),
        ({"patches": "1.1-x 1.1-2.2"}, "(got 1.1-x 1.1-2.2)"),
        ({"patches": "1.1-x", "grid": "8"}, "Grid must be 4 at this patch size (got 8)"),
        ({"off": "9" * 500}, "…"),
    ],
)
def test_what_cannot_be_is_the_default_and_one_sentence(query, words):
    state, sentences = back(query)
    assert state == LensState()
    assert len(sentences) == 1
    assert words in sentences[0]


def test_the_link_says_the_whole_page(select):
    lens = LensState(pinned=6, changes=Intervention(ablated_heads=((2, 1),)))
    link = share_link.address(
        "http://here/attention",
        selection=select(8),
        lens=lens,
        other="cat",
        fusion="max",
        panel="Export",
    )
    assert link.startswith("http://here/attention?picture_source=")
    for part in ("pinned=2.3", "grid=4", "off=3.2", "attention_class=cat", "attention_fusion=max"):
        assert part in link
    assert link.endswith("attention_panel=Export")
