"""An analysis of a trace is that of its arrays."""

from types import SimpleNamespace

import numpy as np
import pytest

import vitcore

GRID, SIZE, PREFIX = (2, 3), (20, 60), 1


@pytest.fixture
def trace(rng):
    return SimpleNamespace(
        attention=rng.dirichlet(np.ones(7), size=(2, 3, 7)),
        hidden_states=rng.normal(size=(3, 7, 4)),
        grid=GRID,
        image_size=SIZE,
        num_prefix_tokens=PREFIX,
        pooling="class",
    )


@pytest.mark.parametrize(
    ("name", "of", "given"),
    [
        ("rollout", "attention", {}),
        ("rollout", "attention", {"head_fusion": "max"}),
        (
            "attention_distance",
            "attention",
            {"grid": GRID, "image_size": SIZE, "num_prefix_tokens": PREFIX},
        ),
        ("attention_entropy", "attention", {"num_prefix_tokens": PREFIX}),
        ("prefix_attention", "attention", {"num_prefix_tokens": PREFIX}),
        ("query_dependence", "attention", {"num_prefix_tokens": PREFIX}),
        ("pooled_attention", "attention", {"pooling": "class", "num_prefix_tokens": PREFIX}),
        ("token_norms", "hidden_states", {}),
    ],
)
def test_an_analysis_of_a_trace_is_that_of_its_arrays(trace, name, of, given):
    function = getattr(vitcore, name)
    options = {key: value for key, value in given.items() if not hasattr(trace, key)}
    np.testing.assert_array_equal(function(trace, **options), function(getattr(trace, of), **given))


def test_what_the_caller_says_goes_before_the_trace(trace):
    one = vitcore.attention_distance(trace, (3, 2))
    other = vitcore.attention_distance(
        trace.attention, (3, 2), image_size=SIZE, num_prefix_tokens=PREFIX
    )
    np.testing.assert_array_equal(one, other)
    assert not np.allclose(one, vitcore.attention_distance(trace, image_size=(20, 20), grid=(3, 2)))
