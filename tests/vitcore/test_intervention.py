"""An intervention is refused where it is made, not where it is used."""

import pytest

from vitcore import Intervention


@pytest.mark.parametrize("value", [float("nan"), None, 2, 0.5, "no", 1])
def test_position_embeddings_are_added_or_not(value):
    with pytest.raises(ValueError, match="use_pos_embed must be True or False"):
        Intervention(use_pos_embed=value)


@pytest.mark.parametrize(
    "patches", [{0: True}, {1.5: 2}, {0: 1.0}, {"a": None}, {True: 0}, [1, 2], 5, None]
)
def test_patches_are_integers_or_none(patches):
    with pytest.raises(ValueError, match="patches must be a dict"):
        Intervention(patches=patches)


def test_what_can_be_is_kept():
    made = Intervention(ablated_heads=((0, 1),), patches={3: 7, 4: None}, use_pos_embed=False)
    assert (made.patches, made.use_pos_embed) == ({3: 7, 4: None}, False)
