"""The title of the Attention page follows what the lens shows."""

import numpy as np
import pytest

from explorer.words.lens_title import changed_answer, lens_title
from vitcore.intervention import Intervention
from vitcore.introspection.selective_head import selective_head

EVEN, ITSELF = np.full((4, 4), 0.25), np.eye(4)
ATTENTION = np.array([[EVEN, ITSELF], [EVEN, EVEN]])  # head 2 of block 1 stands out
FOUND = selective_head(ATTENTION, (2, 2))
SHOWN = (FOUND, ATTENTION, (2, 2))


def test_it_speaks_of_the_head_that_stands_out_while_none_is_chosen():
    assert lens_title(*SHOWN) == (
        "On average head 2 of block 1 puts 100% on the patch itself; an even spread, 25%"
    )


def test_it_speaks_of_the_head_that_is_chosen():
    assert lens_title(*SHOWN, head=(0, 1)) == lens_title(*SHOWN)
    said = "Head 1 of block 2 looks nearly everywhere alike"
    assert lens_title(*SHOWN, head=(1, 0)) == said


def test_a_head_that_the_model_does_not_have_is_none():
    assert lens_title(*SHOWN, head=(7, 0)) == lens_title(*SHOWN)


def test_it_says_that_the_pass_was_changed():
    said = lens_title(*SHOWN, changes=Intervention(heads_off=((1, 1),)))
    assert said.startswith("As changed: on average head 2 of block 1 puts 100%")


def test_a_head_that_is_off_is_said_to_be_off():
    def said(*off, head=None):
        return lens_title(*SHOWN, head=head, changes=Intervention(heads_off=off))

    one, last = (0, 1), (1, 0)
    assert said(one) == "Head 2 of block 1 is switched off: the blocks after it do without it"
    assert said(last, head=last) == "Head 1 of block 2 is switched off: the answer does without it"
    whole = "All heads of block 1 are switched off: the blocks after it do without them"
    assert said((0, 0), one) == whole
    every = "All heads are switched off: no token sees another"
    assert said((0, 0), one, last, (1, 1)) == every


def test_one_token_stays_one_token():
    one = np.ones((2, 2, 1, 1))
    said = lens_title(selective_head(one, (1, 1)), one, (1, 1), head=(1, 1))
    assert said == "There is one token only, so all attention stays on itself"


def test_a_head_that_fixes_on_far_places_does_not_look_everywhere_alike():
    rows = columns = 6
    count = rows * columns
    far = (np.arange(count) * 5 + 13) % count  # each patch has one favourite, in no pattern
    sharp = np.full((count, count), 0.2 / count)
    sharp[np.arange(count), far] += 0.8
    attention = np.stack([np.eye(count), sharp])[None]
    found = selective_head(attention, (rows, columns), prefix=0)
    said = lens_title(found, attention, (rows, columns), head=(0, 1))
    assert said == (
        "On average head 2 of block 1 puts 81% on the one place it looks at most; "
        "an even spread, 2.8%"
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (Intervention(heads_off=((2, 1),)), "Without head 2 of block 3"),
        (Intervention(heads_off=((2, 1), (0, 0))), "Without these 2 heads"),
        (Intervention(patches={3: "mean"}), "With this patch changed"),
        (Intervention(patches={3: 4, 4: 3}), "With these patches changed"),
        (Intervention(positions=False), "Without positions"),
        (Intervention(heads_off=((0, 0),), positions=False), "With these changes"),
    ],
)
def test_an_answer_that_a_change_changes_comes_first(changes, cause):
    said = changed_answer(np.array([0.7, 0.3]), np.array([0.4, 0.6]), changes, ("frog", "bird"))
    assert said == f"{cause} it answers bird, with 60%; before: frog, 70%"


def test_an_answer_that_stays_needs_no_title_and_where_there_is_none_it_is_said():
    changes, names = Intervention(positions=False), ("frog", "bird")
    before = np.array([0.7, 0.3])
    assert changed_answer(before, np.array([0.51, 0.49]), changes, names) == ""
    none = np.array([0.5, 0.5])
    said = "Without positions it prefers no class; before: frog, 70%"
    assert changed_answer(before, none, changes, names) == said
    said = "Without positions it answers frog, with 70%; before: no class"
    assert changed_answer(none, before, changes, names) == said
    assert changed_answer(none, none, changes, names) == ""
