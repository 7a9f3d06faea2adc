"""Attention measured on sketches: hand-made attention in, known numbers out."""

from types import SimpleNamespace

import numpy as np
import pytest

from vitcore.datasets import sketch10
from vitcore.interpret.attention_metrics import mask_by_patch
from vitcore.interpret.attention_summary import attention_summary


@pytest.fixture
def attending(monkeypatch):
    """A model of two blocks of two heads whose attention on sketch k is `make(k)`: (T, T)."""

    def attending(make, *, pooling="mean"):
        images, _, _ = sketch10(4)
        config = SimpleNamespace(
            depth=2, num_heads=2, pooling=pooling, num_prefix_tokens=int(pooling == "class")
        )

        def trace(model, image, *, patch_size):
            number = next(k for k in range(4) if np.array_equal(images[k], image))
            side = 32 // patch_size
            attention = np.broadcast_to(make(number), (2, 2, *make(number).shape))
            return SimpleNamespace(attention=attention, grid=(side, side))

        monkeypatch.setattr("vitcore.tracing.trace", trace)
        return SimpleNamespace(config=config)

    return attending


def on_the_object(number):
    covered = mask_by_patch(sketch10(4)[2][number], (8, 8)).reshape(-1)
    return np.tile(covered / covered.sum(), (64, 1))


def test_even_attention_does_not_know_the_object(attending):
    found = attention_summary(attending(lambda _: np.full((64, 64), 1 / 64)), num_images=4)
    assert found["object_attention"] == [1, 1]
    assert found["rollout_object_attention"] == 1
    assert found["query_independent_heads"] == 1


def test_attention_on_the_object_is_above_chance_and_blind_to_the_query(attending):
    found = attention_summary(attending(on_the_object), num_images=4)
    masks = sketch10(4)[2]
    expected = []
    for mask in masks:
        covered = mask_by_patch(mask, (8, 8))
        expected.append((covered**2).sum() / covered.sum() / covered.mean())
    assert found["object_attention"] == pytest.approx([np.mean(expected)] * 2, abs=1e-3)
    # Half of each block's rollout is the skip connection, which is even over the patches.
    assert found["rollout_object_attention"] == pytest.approx(
        0.25 + 0.75 * np.mean(expected), abs=1e-3
    )
    assert found["query_independent_heads"] == 1


def test_heads_that_look_at_themselves_depend_on_the_query(attending):
    found = attention_summary(attending(lambda _: np.eye(64)), num_images=2)
    assert found["query_independent_heads"] == 0
    assert np.allclose(found["query_dependence"], 1 - 1 / 64, atol=1e-3)


def test_class_token_is_the_one_that_answers(attending):
    def only_the_class_token_looks_at_the_object(number):
        rows = np.full((65, 65), 1 / 65)
        rows[0, 0], rows[0, 1:] = 0, on_the_object(number)[0]
        return rows

    found = attention_summary(
        attending(only_the_class_token_looks_at_the_object, pooling="class"), num_images=4
    )
    assert min(found["object_attention"]) > 1.5


def test_no_images_are_refused(attending):
    with pytest.raises(ValueError, match="num_images must be an integer >= 1, got 0"):
        attention_summary(attending(on_the_object), num_images=0)
