"""Findings of the tabs say what the numbers say, and nothing that holds trivially."""

import numpy as np
import pytest

from explorer.views.attention import findings
from explorer.views.attention.head_metric_findings import metric_finding
from vitcore.config import CLASS_NAMES
from vitcore.interpret.deletion_insertion import Curves
from vitcore.interpret.head_ablation import HeadEffects, Measured
from vitcore.interpret.token_norms import high_norm_tokens


def curves(deletion, insertion, points=17):
    """Curves of which only the areas count; the last of each is random order."""
    lines = np.zeros((5, points))
    return Curves(np.linspace(0, 1, points), lines, lines, np.array(deletion), np.array(insertion))


def effects(change, before=0.8, images=1):
    change = np.array(change, float)
    parts = Measured(change, change, change)
    return HeadEffects(images, Measured(*map(np.float64, (before,) * 3)), parts, parts)


def attribution(deletion, insertion=(0.5,) * 5, *, patches=64, **rest):
    return findings.attribution_finding(curves(deletion, insertion, **rest), patches=patches)


def test_the_maps_of_best_deletion_and_insertion_are_named():
    said = attribution([0.4, 0.45, 0.21, 0.3, 0.48], [0.3, 0.65, 0.5, 0.5, 0.46])
    assert said == (
        "Best deletion AUC: relevance 0.21 (random 0.48); insertion: rollout 0.65 (0.46)"
    )


def test_occlusion_does_not_win_its_own_test_alone():
    assert "no attention-based map" not in attribution([0.4, 0.33, 0.36, 0.2, 0.48])
    assert "no attention-based map" in attribution([0.47, 0.5, 0.5, 0.2, 0.48])


def test_maps_whose_areas_read_the_same_are_named_together():
    assert "relevance and occlusion 0.21" in attribution([0.4, 0.45, 0.21, 0.213, 0.48])
    assert "AUC: relevance 0.21 (" in attribution([0.4, 0.45, 0.214, 0.216, 0.48])


def test_no_map_is_named_where_none_beats_random_order():
    said = attribution([0.5, 0.47, 0.5, 0.48, 0.48])
    assert said.startswith("No map beats random")
    assert "0.47 vs. 0.48" in said


def test_one_patch_has_one_order():
    assert "one patch" in attribution([0.5] * 5, patches=1, points=2)


def test_the_head_of_largest_effect_is_named_with_before_and_after():
    said = findings.ablation_finding(effects([[0.0, -0.1], [-0.4, 0.2]]), "cat")
    assert said == "Largest effect: L2H1, cat 80% → 40%"
    said = findings.ablation_finding(effects([[0.0, 0.15]]), "cat")
    assert said.endswith("L1H2, cat 80% → 95%")
    assert findings.ablation_finding(effects([[0.0, 0.001]]), "cat").startswith("No single head")


def test_over_many_images_an_effect_is_in_points():
    many = findings.ablation_finding_of_many
    assert many(effects([[-0.24, 0.0]], images=200)) == "Largest mean effect: L1H1, −24 pp"
    assert many(effects([[0.044, 0]], images=60)).endswith("L1H1, +4.4 pp")
    assert many(effects([[-0.002, 0.0]], images=50)).startswith("No single head")


def early(*tops):
    return np.array([np.where(np.arange(10) == top, 0.5, 0.05) for top in tops])


@pytest.mark.parametrize(
    ("tops", "said"),
    [
        ((3, 3, 3), "cat after every block"),
        ((4, 3, 3), "cat from block 1 on (deer at the embedding)"),
        ((5, 4, 3), "cat only after block 2 (deer after block 1)"),
        ((4, 4, 3, 3), "cat from block 2 on (deer after block 1)"),
        ((4, 5, 3, 4, 3), "cat after block 4, also after block 2 (deer after block 3)"),
        (
            (4, 3, 3, 4, 3, 3),
            "cat from block 4 on, also after blocks 1–2 (deer after block 3)",
        ),
        ((3, 3, 4, 3), "cat after block 3, also up to block 1 (deer after block 2)"),
        (
            (3, 4, 3, 5, 3, 3),
            "cat from block 4 on, also at the embedding and after block 2 (dog after block 3)",
        ),
    ],
)
def test_from_which_block_on_the_final_class_is_predicted(tops, said):
    assert findings.logit_lens_finding(early(*tops), CLASS_NAMES) == f"Predicts {said}"


def test_patches_that_predict_the_same_are_counted():
    shares = np.stack([early(3, 4, 4), early(3, 3, 4)])
    said = findings.patch_predictions_finding(shares, CLASS_NAMES, 3)
    assert said == "cat: 1 of 3 patches at the embedding, 2 after block 1"


def test_patch_logits_name_the_class_they_favor():
    patch_logits = np.zeros((4, 10))
    patch_logits[:, 3], patch_logits[:, 5] = [2, 2, -1, 1], [0, 0, 0, 2]
    said = findings.patch_logits_finding(patch_logits, CLASS_NAMES, 3, 5)
    assert said == "2 of 4 patches favor cat over dog (mean difference +0.5)"
    said = findings.patch_logits_finding(patch_logits[2:3], CLASS_NAMES, 3, 5)
    assert said.startswith("0 of 1 patches")
    assert "−1.0" in said


def test_high_norm_tokens_are_counted_where_there_are_most():
    norms = np.ones((3, 9))
    norms[2] *= 4
    said = findings.token_norms_finding(norms, high_norm_tokens(norms), prefix=0)
    assert said == "No high-norm patches (largest: 1.0× median). Median grows 4.0×."
    norms[2, 5] = 30
    said = findings.token_norms_finding(norms, high_norm_tokens(norms), prefix=0)
    assert said.startswith("1 high-norm patch after block 2 (> 3× median)")


@pytest.mark.parametrize(("zero", "where"), [(0, "at the embedding"), (2, "after block 2")])
def test_norms_of_0_have_no_ratio(zero, where):
    norms = np.ones((3, 9))
    norms[zero, :5] = 0
    said = findings.token_norms_finding(norms, np.zeros((3, 9), bool), prefix=0)
    assert where in said
    assert "×" not in said
    assert "nan" not in said


def test_metrics_have_findings_of_their_own():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert metric_finding("distance", values, [16.0]) == "1–2 px in block 1, 3–4 px in block 2"
    said = metric_finding("entropy", values, [6.0])
    assert said == "Lowest: L1H1, 1.0 of 6.0 bits (≈ 2 of 64 tokens)"
    assert metric_finding("entropy", values + 4.9, [6.0]).startswith("All heads nearly uniform")
    said = metric_finding("prefix_attention", values / 10, [0.02])
    assert said == "Highest: L2H2, 40% (uniform: 2.0%)"
    said = metric_finding("on_object", values / 2, [1.0])
    assert said == "2 of 4 heads above uniform. Highest: L2H2, 2.0×"
    assert "No head" in metric_finding("query_dependence", values / 1000, [0.98])
    said = metric_finding("query_dependence", values / 10, [0.98])
    assert said == "Highest: L2H2, 0.40. Lowest: L1H1, 0.10. Maximum: 0.98"
    assert metric_finding("entropy", np.zeros((2, 2)), [0.0]).startswith("The same in all")


def test_points_have_no_false_precision():
    assert [findings.points(v) for v in (-0.241, 0.0312, 0.0)] == ["−24 pp", "+3.1 pp", "+0.0 pp"]


def test_lists_read_as_sentences():
    assert [findings.joined(["a", "b", "c"][:n]) for n in (1, 2, 3)] == [
        "a",
        "a and b",
        "a, b and c",
    ]
