"""What is no attention is refused by every analysis of it, before it becomes a number."""

import numpy as np
import pytest

import vitcore

UNIFORM = np.full((2, 3, 4, 4), 0.25)
ANALYSES = {
    "rollout": vitcore.rollout,
    "entropy": vitcore.attention_entropy,
    "distance": lambda a: vitcore.attention_distance(a, (2, 2), image_size=(32, 32)),
    "query dependence": vitcore.query_dependence,
}


def with_one(value):
    weights = UNIFORM.copy()
    weights[1, 2, 3, 0] = value
    return weights


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
@pytest.mark.parametrize(
    "weights",
    [with_one(np.nan), with_one(np.inf), with_one(-0.1), UNIFORM.astype(str), UNIFORM + 0j],
    ids=["NaN", "infinity", "negative", "text", "complex"],
)
def test_weights_that_are_none_are_refused(analysis, weights):
    with pytest.raises(ValueError, match="at least 0"):
        analysis(weights)


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 0, 4, 4), (0, 3, 4, 4), (2, 3, 4, 5)])
def test_another_shape_is_refused(analysis, shape):
    with pytest.raises(ValueError, match=r"\(L, H, T, T\)"):
        analysis(np.full(shape, 0.25))
