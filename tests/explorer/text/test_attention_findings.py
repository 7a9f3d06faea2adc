"""The finding of the Attention page follows what is shown."""

import numpy as np
import pytest

from explorer.text.attention_findings import attention_finding
from vitcore.interpret.selective_head import selective_head
from vitcore.intervention import Intervention

EVEN, ITSELF = np.full((4, 4), 0.25), np.eye(4)
ATTENTION = np.array([[EVEN, ITSELF], [EVEN, EVEN]])  # head 2 of block 1 is selective
FOUND = selective_head(ATTENTION, (2, 2))
SHOWN = (FOUND, ATTENTION, (2, 2))
NAMES = ("frog", "bird")
FROG, BIRD = np.array([0.7, 0.3]), np.array([0.4, 0.6])


def test_it_is_about_the_most_selective_head_while_none_is_chosen():
    said = "Block 1, head 2 attends to the query itself: 100% (uniform: 25%)"
    assert attention_finding(*SHOWN) == said
    assert attention_finding(*SHOWN, head=(0, 1)) == said
    assert attention_finding(*SHOWN, head=(7, 0)) == said  # the model has no such head


def test_it_is_about_the_head_that_is_chosen():
    assert attention_finding(*SHOWN, head=(1, 0)) == "Block 2, head 1 is nearly uniform"


def test_a_chosen_head_without_a_pattern_is_not_called_uniform():
    scores = 1.3 * np.random.default_rng(0).normal(size=(1, 2, 196, 196))
    noise = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    found = selective_head(noise, (14, 14))
    assert attention_finding(found, noise, (14, 14)) == "No head stands out"
    said = attention_finding(found, noise, (14, 14), head=(0, 1))
    assert said == "Block 1, head 2 shows no pattern"


def test_uniform_attention_has_no_head():
    even = np.array([[EVEN, EVEN]])
    said = attention_finding(selective_head(even, (2, 2)), even, (2, 2))
    assert "all heads" in said


def test_interventions_that_leave_the_predicted_class_are_said_first():
    changes = Intervention(ablated_heads=((1, 1),))
    said = attention_finding(*SHOWN, changes=changes, predictions=(FROG, FROG), names=NAMES)
    assert said.startswith("With interventions: block 1, head 2 attends")


@pytest.mark.parametrize(
    ("off", "head", "cause"),
    [
        (((0, 1),), None, "L1H2 ablated"),
        (((1, 0),), (1, 0), "L2H1 ablated"),
        (((0, 0), (0, 1)), None, "Block 1 ablated"),
        (((0, 0), (0, 1), (1, 0), (1, 1)), None, "All heads ablated"),
        (((0, 1), (1, 0)), None, "2 heads ablated"),
    ],
)
def test_of_an_ablated_head_the_effect_on_the_prediction_is_said(off, head, cause):
    how = {"changes": Intervention(ablated_heads=off), "names": NAMES}
    now = np.array([0.64, 0.36])
    said = attention_finding(*SHOWN, head=head, predictions=(FROG, now), **how)
    assert said == f"{cause}: frog 70% → 64%"


def test_one_token_has_no_pattern():
    one = np.ones((2, 2, 1, 1))
    said = attention_finding(selective_head(one, (1, 1)), one, (1, 1), head=(1, 1))
    assert "one token" in said


def test_a_head_that_attends_to_far_keys_is_not_uniform():
    rows = columns = 6
    count = rows * columns
    far = (np.arange(count) * 5 + 13) % count  # each query has one key, in no pattern
    sharp = np.full((count, count), 0.2 / count)
    sharp[np.arange(count), far] += 0.8
    attention = np.stack([np.eye(count), sharp])[None]
    found = selective_head(attention, (rows, columns), num_prefix_tokens=0)
    said = attention_finding(found, attention, (rows, columns), head=(0, 1))
    assert said == "Block 1, head 2 is sharply peaked: mean maximum 81% (uniform: 2.8%)"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (Intervention(patches={3: None}), "1 patch changed"),
        (Intervention(patches={3: 4, 4: 3}), "2 patches changed"),
        (Intervention(use_pos_embed=False), "No position embeddings"),
        (Intervention(ablated_heads=((0, 0),), use_pos_embed=False), "With interventions"),
    ],
)
def test_a_changed_prediction_comes_first(changes, cause):
    said = attention_finding(*SHOWN, changes=changes, predictions=(FROG, BIRD), names=NAMES)
    assert said == f"{cause}: frog 70% → bird 60%"


def test_a_prediction_that_becomes_uniform_or_was_is_said():
    how = {"changes": Intervention(use_pos_embed=False), "names": NAMES}
    none = np.array([0.5, 0.5])
    said = attention_finding(*SHOWN, predictions=(FROG, none), **how)
    assert said.endswith("frog 70% → no clear prediction")
    said = attention_finding(*SHOWN, predictions=(none, FROG), **how)
    assert said.endswith("no clear prediction → frog 70%")
    assert "→" not in attention_finding(*SHOWN, predictions=(none, none), **how)
