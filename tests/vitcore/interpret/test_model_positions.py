"""Position similarity of a model at one patch size."""

import numpy as np
import pytest

from tests.vitcore import slow_vit
from tests.vitcore.small_models import small_model, weights_of
from vitcore import position_similarity


@pytest.mark.parametrize("kind", ["learned", "sincos1d", "sincos2d"])
@pytest.mark.parametrize("size", [8, 11, 32])
def test_similarity_is_the_cosine_of_what_the_model_adds(kind, size):
    model = small_model(positions=kind, pooling="class")
    side = model.config.grid_side(size)
    table = slow_vit.positions(model.config, weights_of(model), side)
    told = position_similarity(model, size).reshape(side**2, side**2)
    for i, one in enumerate(table):
        for j, other in enumerate(table):
            cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
            assert told[i, j] == pytest.approx(cosine, abs=1e-5)


def test_model_without_positions_has_none_alike():
    assert not position_similarity(small_model(positions="none"), 8).any()


def test_patch_size_is_checked():
    with pytest.raises(ValueError, match="got 40"):
        position_similarity(small_model(), 40)
