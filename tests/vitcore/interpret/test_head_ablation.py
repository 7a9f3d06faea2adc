"""Changes of the answer without each head, by hand."""

import numpy as np
import pytest

from vitcore.interpret.head_ablation import head_effects, ranked, switches


def test_switches_are_all_on_then_without_each_head_then_without_each_block():
    told = switches(2, 2)
    expected = [
        [[1, 1], [1, 1]],
        [[0, 1], [1, 1]],
        [[1, 0], [1, 1]],
        [[1, 1], [0, 1]],
        [[1, 1], [1, 0]],
        [[0, 0], [1, 1]],
        [[1, 1], [0, 0]],
    ]
    np.testing.assert_array_equal(told, expected)


def test_changes_are_measured_from_the_whole_model():
    # One block, two heads, two images asked about classes 0 and 1 of two.
    first = np.log([[0.75, 0.25], [0.25, 0.75], [0.75, 0.25], [0.5, 0.5]])
    second = np.log([[0.5, 0.5], [0.25, 0.75], [0.75, 0.25], [0.1, 0.9]])
    told = head_effects(np.stack([first, second]), np.array([0, 1]), blocks=1, heads=2)
    assert told.num_images == 2
    assert told.before.probability == pytest.approx((0.75 + 0.5) / 2)
    np.testing.assert_allclose(told.heads.probability, [[(0.25 + 0.75) / 2 - 0.625, -0.125]])
    np.testing.assert_allclose(told.blocks.probability, [(0.5 + 0.9) / 2 - 0.625])
    assert told.before.accuracy == 0.5  # a tie goes to the lower class, as argmax has it
    np.testing.assert_allclose(told.heads.accuracy, [[0, 0]])
    np.testing.assert_allclose(told.blocks.accuracy, [0.5])
    expected = (np.log(0.25 / 0.75) + np.log(0.75 / 0.5)) / 2
    assert told.heads.logit[0, 0] == pytest.approx(expected)


def test_heads_are_ranked_by_the_size_of_their_change_up_or_down():
    change = np.array([[0.1, -0.5], [0.3, 0.1]])
    assert ranked(change) == [(0, 1), (1, 0), (0, 0), (1, 1)]


@pytest.mark.parametrize(("logits", "classes"), [((2, 3, 4), 2), ((2, 4, 4), 3), ((4, 4), 4)])
def test_wrong_shapes_are_named(logits, classes):
    with pytest.raises(ValueError, match=r"\(n, 4, C\) and classes \(n,\)"):
        head_effects(np.zeros(logits), np.zeros(classes), blocks=1, heads=2)
