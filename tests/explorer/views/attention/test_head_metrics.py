"""Which numbers of heads there are depends on the model and on how many patches there are."""

from types import SimpleNamespace

import pytest

from explorer.views.attention.head_metrics import offered_numbers


@pytest.mark.parametrize(("patches", "distances"), [(1, False), (4, True)])
def test_one_patch_has_no_distance_to_look_over(patches, distances):
    context = SimpleNamespace(baseline=SimpleNamespace(num_prefix_tokens=4), patches=patches)
    offered = offered_numbers(context, masked=False)
    assert ("distance" in offered, "distance_in_paper" in offered) == (distances, distances)
    assert offered[0] in ("distance", "entropy")
