"""The panels' titles say what the numbers say, and nothing that holds trivially."""

import numpy as np
import pytest

from explorer.attention_panels import sentences
from explorer.attention_panels.number_findings import number_title
from vitcore.config import CLASS_NAMES
from vitcore.introspection.curves import Curves
from vitcore.introspection.head_effects import HeadEffects, Measured
from vitcore.introspection.token_norms import long_patches


def curves(deletion, insertion, points=17):
    """Curves of which only the areas count; the last of each is random order."""
    lines = np.zeros((5, points))
    return Curves(np.linspace(0, 1, points), lines, lines, np.array(deletion), np.array(insertion))


def effects(change, before=0.8, pictures=1):
    change = np.array(change, float)
    parts = Measured(change, change, change)
    return HeadEffects(pictures, Measured(*map(np.float64, (before,) * 3)), parts, parts)


def test_the_map_whose_order_makes_the_answer_fall_fastest_is_named():
    found = curves([0.4, 0.45, 0.21, 0.3, 0.48], [0.5] * 5)
    assert sentences.maps_title(found, "cat", patches=64) == (
        "Erasing what relevance marks first makes cat fall fastest: area 0.21, random order 0.48"
    )


def test_occlusion_does_not_win_its_own_test_alone():
    found = curves([0.4, 0.33, 0.36, 0.2, 0.48], [0.5] * 5)
    title = sentences.maps_title(found, "cat", patches=64)
    assert title.endswith("from inside the model, rollout does best (0.33)")
    found = curves([0.47, 0.5, 0.5, 0.2, 0.48], [0.5] * 5)
    title = sentences.maps_title(found, "cat", patches=64)
    assert title.endswith("no map from inside the model does it faster than random order")


def test_maps_that_do_alike_are_named_together():
    title = sentences.maps_title(
        curves([0.4, 0.45, 0.21, 0.213, 0.48], [0.5] * 5), "cat", patches=4
    )
    assert title.startswith("Erasing what relevance and occlusion mark first makes cat fall")


def test_maps_whose_areas_read_differently_are_not_alike():
    found = curves([0.4, 0.45, 0.214, 0.216, 0.48], [0.5] * 5)
    title = sentences.maps_title(found, "cat", patches=4)
    assert title.startswith("Erasing what relevance marks first makes cat fall fastest: area 0.21,")


def test_no_map_is_believed_where_none_beats_random_order():
    title = sentences.maps_title(curves([0.5, 0.47, 0.5, 0.48, 0.48], [0.5] * 5), "cat", patches=64)
    assert "no map is to be believed" in title


def test_one_patch_has_one_order():
    found = curves([0.5] * 5, [0.5] * 5, points=2)
    assert "one order only" in sentences.maps_title(found, "cat", patches=1)
    assert sentences.believed(found) == ""


def test_what_is_better_in_both_tests_is_listed():
    found = curves([0.5, 0.3, 0.2, 0.3, 0.48], [0.3, 0.6, 0.7, 0.41, 0.4])
    said = sentences.believed(found)
    assert "relevance brings the answer back soonest (area 0.70" in said
    assert said.endswith(
        "Better than random in both tests, by 0.03 or more: rollout and relevance."
    )
    assert sentences.believed(curves([0.5] * 5, [0.5] * 5)).endswith(
        "in both tests by 0.03 or more."
    )


def test_the_head_that_matters_most_is_named_with_before_and_after():
    title = sentences.heads_title(effects([[0.0, -0.1], [-0.4, 0.2]]), "cat")
    assert title.startswith("Without head 1 of block 2, cat falls from 80% to 40%")
    title = sentences.heads_title(effects([[0.0, 0.15]]), "cat")
    assert "head 2 of block 1, cat rises from 80% to 95%" in title
    assert sentences.heads_title(effects([[0.0, 0.001]]), "cat").startswith("No single head")


def test_over_many_pictures_a_change_is_in_points():
    title = sentences.heads_many_title(effects([[-0.24, 0.0]], pictures=200), "sketch10", of=200)
    assert title == (
        "Over 200 sketches, head 1 of block 1 matters most: without it the right class falls "
        "by 24 points on average"
    )
    title = sentences.heads_many_title(effects([[0.044, 0]], pictures=60), "cifar10", of=200)
    assert title.startswith("So far, over 60 photographs, head 1 of block 1 matters most")
    assert title.endswith("the right class rises by 4.4 points on average")
    title = sentences.heads_many_title(effects([[-0.002, 0.0]], pictures=50), "cifar10", of=50)
    assert title.startswith("Over 50 photographs no single head")


def early(*tops):
    return np.array([np.where(np.arange(10) == top, 0.5, 0.05) for top in tops])


@pytest.mark.parametrize(
    ("tops", "said"),
    [
        ((3, 3, 3), "It would answer cat wherever it stopped, even before block 1"),
        ((4, 3, 3), "Stopped before block 1 it would answer deer; cat leads from block 1 on"),
        ((5, 4, 3), "Stopped after block 1 it would answer deer; cat leads only at the end"),
        ((4, 4, 3, 3), "Stopped after block 1 it would answer deer; cat leads from block 2 on"),
        (
            (4, 5, 3, 4, 3),
            "Stopped after block 3 it would answer deer; cat leads after block 2 and again at the "
            "end",
        ),
        (
            (4, 3, 3, 4, 3, 3),
            "Stopped after block 3 it would answer deer; cat leads after blocks 1 to 2 and again "
            "from block 4 on",
        ),
        (
            (3, 3, 4, 3),
            "Stopped after block 2 it would answer deer; cat leads up to block 1 and again at "
            "the end",
        ),
        (
            (3, 4, 3, 5, 3, 3),
            "Stopped after block 3 it would answer dog; cat leads before block 1 and after block 2 "
            "and again from block 4 on",
        ),
    ],
)
def test_from_where_on_the_answer_leads(tops, said):
    assert sentences.early_title(early(*tops), CLASS_NAMES) == said


def test_patches_that_answer_the_same_are_counted():
    shares = np.stack([early(3, 4, 4), early(3, 3, 4)])
    title = sentences.by_patch_title(shares, CLASS_NAMES, 3)
    assert title == "At the end 2 of 3 patches answer cat by themselves, 1 at first"
    title = sentences.by_patch_title(shares[:, :1], CLASS_NAMES, 3)
    assert title == "The one patch, read alone at the end, answers cat"


def test_votes_name_who_leads():
    votes = np.zeros((4, 10))
    votes[:, 3], votes[:, 5] = [2, 2, -1, 1], [0, 0, 0, 2]
    title = sentences.votes_title(votes, CLASS_NAMES, 3, 5)
    assert title == "2 of 4 patches prefer cat to dog; on average it leads by 0.5"
    title = sentences.votes_title(votes[2:3], CLASS_NAMES, 3, 5)
    assert title == "The one patch prefers dog to cat, by 1.0"


def test_long_tokens_are_counted_where_there_are_most():
    norms = np.ones((3, 9))
    norms[2] *= 4
    title = sentences.norms_title(norms, long_patches(norms), prefix=0)
    assert title.startswith("No patch is more than 3 times as long as the median")
    assert title.endswith("tokens end 4.0 times as long as they begin")
    norms[2, 5] = 30
    title = sentences.norms_title(norms, long_patches(norms), prefix=0)
    assert title.startswith("1 patch is over 3 times as long as the median after block 2")


def test_numbers_have_findings_of_their_own():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert "look 1 to 2 pixels" in number_title("distance", values, [16.0])
    title = number_title("entropy", values, [6.0])
    assert title == (
        "Head 1 of block 1 is the narrowest: 1.0 of 6.0 bits, as if it looked at 2 of 64 tokens "
        "alike"
    )
    assert number_title("entropy", values + 4.9, [6.0]).startswith("All heads look nearly")
    title = number_title("prefix_mass", values / 10, [0.02])
    assert title == "Head 2 of block 2 puts 40% on the class token; an even spread, 2.0%"
    title = number_title("on_object", values / 2, [1.0])
    assert title.startswith("2 of 4 heads look at the object more than by chance")
    assert "does the map change" in number_title("query_dependence", values / 1000, [0.98])
    title = number_title("query_dependence", values / 10, [0.98])
    assert "most with the patch in head 2 of block 2 (0.40 of at most 0.98)" in title
    assert number_title("entropy", np.zeros((2, 2)), [0.0]).startswith("Every head has the same")


def test_points_have_no_false_precision():
    assert [sentences.points(v) for v in (-0.241, 0.0312, 0.0)] == ["24", "3.1", "0.0"]


def test_lists_read_as_sentences():
    assert [sentences.joined(["a", "b", "c"][:n]) for n in (1, 2, 3)] == [
        "a",
        "a and b",
        "a, b and c",
    ]
