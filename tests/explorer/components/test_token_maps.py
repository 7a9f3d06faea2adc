"""What the figure of tokens is sent: cosines that can be read back, and colors."""

import numpy as np
import pytest

from explorer.components.token_maps.component import component_colors, token_maps_payload
from explorer.text.position_findings import token_finding
from vitcore.interpret.token_similarity import token_components, token_similarity

TOKENS = np.random.default_rng(0).normal(size=(3, 12, 5))


def sent(unpack, tokens=TOKENS, grid=(3, 4)):
    image = np.zeros((32, 32, 3), np.uint8)
    similarity = token_similarity(tokens)
    return unpack(token_maps_payload(image, grid, similarity, *token_components(tokens)))


def test_the_centered_scale_is_that_of_different_patches_in_each_block(unpack):
    header, _ = sent(unpack)
    for block, one in enumerate(token_similarity(TOKENS)):
        off = one[~np.eye(12, dtype=bool)]
        assert header["means"][block] == pytest.approx(off.mean(), abs=1e-4)
        assert 0 < header["reaches"][block] <= np.abs(off - off.mean()).max() + 1e-4


def test_the_finest_grid_stays_below_half_a_megabyte(unpack):
    tokens = np.random.default_rng(0).normal(size=(7, 256, 4)).astype(np.float32)
    image = np.zeros((32, 32, 3), np.uint8)
    payload = token_maps_payload(
        image, (16, 16), token_similarity(tokens), *token_components(tokens)
    )
    assert len(payload) < 500_000


def test_colors_run_from_the_lowest_to_the_highest_score_of_a_block():
    scores = np.array([[[0, -2, 5], [1, 0, 5], [4, 2, 5]], [[9, 0, 0], [3, 1, 0], [6, 0.5, 0]]])
    expected = [
        [[0, 0, 128], [64, 128, 128], [255, 255, 128]],
        [[255, 0, 128], [0, 255, 128], [128, 128, 128]],
    ]
    np.testing.assert_array_equal(component_colors(scores), expected)


def test_the_finding_is_the_mean_over_different_patches():
    similarity = np.ones((3, 2, 2), np.float32)
    similarity[0, [0, 1], [1, 0]] = -0.25
    similarity[2, [0, 1], [1, 0]] = 0.5
    found = token_finding(similarity)
    assert "\N{MINUS SIGN}0.25" in found
    assert "0.50 after block 2" in found
    assert len(found.split()) <= 14
