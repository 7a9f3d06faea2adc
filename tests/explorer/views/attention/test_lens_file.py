"""The lens as one file: what it holds is the forward pass that the page shows."""

import numpy as np
import pytest

from explorer.components.attention_lens.lens_state import LensState
from explorer.url_values import shuffled
from explorer.views.attention.lens_file import interventions, lens_html, predictions
from tests.vitcore.lens.opened import shares, unpacked
from vitcore.config import CLASS_NAMES
from vitcore.interpret.rollout import rollout
from vitcore.interpret.selective_head import selective_head
from vitcore.intervention import Intervention


@pytest.fixture
def held(make_context):
    """Header and arrays of a file, and the reading that it is of."""

    def held(lens, *, now=None, **rest):
        context = make_context(8, **rest)
        output = now or context.baseline
        return *unpacked(lens_html(context, output, lens)), output

    return held


@pytest.mark.parametrize("prefix", [0, 1, 3])
def test_it_holds_the_attention_and_the_image_of_the_pass(held, prefix):
    head, arrays, reading = held(LensState(), prefix=prefix)
    heads = reading.attention.shape[1]
    among = reading.attention[..., prefix:]
    read = shares(arrays)
    np.testing.assert_allclose(read[:, :heads], among, atol=1e-3)
    np.testing.assert_array_equal(arrays["peaks"][:, :heads], among.max(axis=-1))
    np.testing.assert_allclose(read[-1, -1], rollout(reading.attention)[:, prefix:], atol=1e-3)
    np.testing.assert_array_equal(arrays["rgb"], reading.image)
    assert len(head["prefix"]) == prefix
    assert head["prediction"] == f"frog {100 * reading.probabilities[6]:.0f}%"
    assert (head["note"], head["ablated"], head["sources"]) == ("", [], [])


def test_it_opens_with_what_is_selected(held):
    lens = LensState(looked_at=True, common=True, head=(1, 0))
    head, *_ = held(lens, pinned=5)
    assert head["start"] == {
        "block": 1,
        "head": 0,
        "patch": 5,
        "pinned": True,
        "direction": "to",
        "scale": "common",
    }


def test_without_a_choice_it_opens_with_the_head_and_patch_of_the_page(held):
    head, _, reading = held(LensState())
    found = selective_head(reading.attention, reading.grid)
    start = head["start"]
    assert (start["block"], start["head"], start["patch"]) == (found.block, found.head, found.patch)
    assert (start["pinned"], start["direction"], start["scale"]) == (False, "from", "each")


def test_it_holds_the_changed_pass_and_says_what_was_changed(held, make_reading):
    attention = np.random.default_rng(8).dirichlet(np.ones(16), size=(2, 3, 16))
    now = make_reading(8, logits=4 * np.eye(10)[3], attention=attention)
    changes = Intervention(ablated_heads=((1, 0),), patches={5: None}, use_pos_embed=False)
    head, arrays, _ = held(LensState(changes=changes), now=now, logits=4 * np.eye(10)[6])
    read = shares(arrays)
    np.testing.assert_allclose(read[:, :3], attention, atol=1e-3)
    np.testing.assert_allclose(read[1, 3], attention[1, 1:].mean(axis=0), atol=1e-3)
    np.testing.assert_array_equal(arrays["rgb"], now.image)
    assert head["ablated"] == [[1, 0]]
    assert [i for i, source in enumerate(head["sources"]) if source == -1] == [5]
    assert len(head["sources"]) == 16
    assert head["note"] == "Ablated: L2H1 · Masked: (2, 2) · Position embeddings: off"
    before, after = head["prediction"].split(" → ")
    assert before.startswith("frog ")
    assert after.startswith("cat ")


def test_no_class_is_predicted_where_all_are_alike():
    even, sure = np.full(10, 0.1), np.eye(10)[2]
    assert predictions(even, sure, CLASS_NAMES) == "no clear prediction → bird 100%"


ORDER = dict(enumerate(shuffled(7, 16)))


@pytest.mark.parametrize(
    ("changes", "seed", "said"),
    [
        ({}, None, ""),
        ({"ablated_heads": ((0, 1), (0, 0), (1, 1))}, None, "Ablated: block 1 (all heads), L2H2"),
        ({"ablated_heads": tuple(np.ndindex(6, 2))}, None, "Ablated: all heads"),
        ({"ablated_heads": tuple((b, 0) for b in range(6))}, None, "Ablated: L1H1, L2H1, L3H1, "),
        ({"patches": dict.fromkeys(range(7))}, None, "Masked: 7 patches"),
        ({"patches": {3: 0, 0: 3}}, None, "Swapped: (1, 1) ↔ (1, 4)"),
        ({"patches": {1: 0, 2: 1, 0: 2}}, 7, "Moved: (1, 1), (1, 2), (1, 3)"),
        ({"patches": {p: s for p, s in ORDER.items() if p != s}}, 7, "Shuffled: all patches"),
        ({"patches": {**ORDER, 4: None}}, 7, "Masked: (2, 1) · Shuffled: all patches (seed 7)"),
        ({"patches": ORDER}, None, "Moved: "),
    ],
)
def test_the_interventions_are_named(changes, seed, said):
    line = interventions(Intervention(**changes), (6, 2), (4, 4), seed=seed)
    assert line.startswith(said)
    assert bool(line) == bool(said)
