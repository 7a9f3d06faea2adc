"""Heads in numbers: each is the library's, and images stay in their order."""

import numpy as np
import pytest

import vitcore
from explorer.client.metrics import joined, metrics_of

SIZE = (32, 32)


@pytest.fixture
def attention(rng):
    return rng.dirichlet(np.ones(7), size=(2, 3, 7)).astype(np.float32)


def test_every_number_is_the_librarys(attention, rng):
    mask, grid = rng.random((32, 32)) < 0.3, (2, 3)
    told = metrics_of(attention, grid, image_size=SIZE, prefix=1, pooling="class", mask=mask)
    maps = vitcore.pooled_attention(attention, pooling="class", num_prefix_tokens=1)
    rolled = vitcore.pooled_attention(
        vitcore.rollout(attention), pooling="class", num_prefix_tokens=1
    )
    where = {"image_size": SIZE, "num_prefix_tokens": 1}
    paper = vitcore.attention_distance(attention, grid, renormalize=False, **where)
    for value, expected in (
        (told.distance, vitcore.attention_distance(attention, grid, **where)),
        (told.distance_in_paper, paper),
        (told.entropy, vitcore.attention_entropy(attention, num_prefix_tokens=1)),
        (told.prefix_attention, vitcore.prefix_attention(attention, num_prefix_tokens=1)),
        (told.query_dependence, vitcore.query_dependence(attention, num_prefix_tokens=1)),
        (told.on_object, vitcore.object_attention(maps, mask, grid)),
        (told.rollout_on_object, vitcore.object_attention(rolled, mask, grid)),
    ):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value[0], expected, rtol=1e-6)
    assert told.num_images == 1


def test_where_the_object_is_not_known_there_is_no_share(attention):
    told = metrics_of(attention, (1, 7), image_size=SIZE, prefix=0, pooling="mean")
    assert np.isnan(told.on_object).all()
    assert np.isnan(told.rollout_on_object).all()
    assert np.isfinite(told.distance).all()


def test_images_are_joined_in_their_order(attention):
    parts = [
        metrics_of(a, (1, 7), image_size=SIZE, prefix=0, pooling="mean")
        for a in (attention, attention[::-1])
    ]
    told = joined([joined(parts), parts[0]])
    assert told.num_images == 3
    for row, part in enumerate((*parts, parts[0])):
        np.testing.assert_array_equal(told.entropy[row], part.entropy[0])
