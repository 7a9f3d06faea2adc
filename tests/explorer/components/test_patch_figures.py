"""What the figures of Patches are sent: the flow, the cost and the filters."""

import numpy as np
import pytest

from explorer.components.cost import cost_payload, cost_sentence
from explorer.components.filters import (
    filter_figure,
    filters_payload,
    filters_title,
    untrained_kernel,
)
from explorer.components.patches import patches_payload
from vitcore.config import PATCH_SIZES, PRESETS, grid_side
from vitcore.initialisation import initial_weights
from vitcore.patches import as_seen, cut

SIDES = {size: grid_side(size) for size in PATCH_SIZES}


def cuts(pixels, size):
    ways = {"seen": "resize", "valid": "valid", "same": "same"}
    return {name: cut(pixels, size, padding=way) for name, way in ways.items()}


@pytest.mark.parametrize("size", PATCH_SIZES)
def test_the_flow_carries_the_picture_as_the_model_sees_it(unpack, picture, size):
    header, arrays = unpack(patches_payload(cut(picture.pixels, size), None))
    np.testing.assert_array_equal(arrays["rgb"], as_seen(picture.pixels, size))
    assert header["grid"] == [SIDES[size]] * 2
    assert 0 <= header["start"] < SIDES[size] ** 2


def test_the_embedding_is_read_back_to_within_a_code(unpack, picture):
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(8, 8, 12)).astype(np.float32)
    header, arrays = unpack(patches_payload(cut(picture.pixels, 4), embedding))
    back = (arrays["codes"].astype(float) / 127.5 - 1) * header["limit"]
    np.testing.assert_allclose(back, embedding.reshape(64, 12), atol=header["limit"] / 250)
    assert header["shown"] < header["limit"]
    assert header["captions"][4].startswith("`(12,)` the patch embedding, before its position")


def test_an_embedding_of_zeros_is_drawn(unpack, picture):
    header, arrays = unpack(patches_payload(cut(picture.pixels, 32), np.zeros((1, 1, 4))))
    assert header["limit"] == header["shown"] == 1
    assert set(arrays["codes"].ravel()) == {128}


def test_the_same_patches_give_the_same_bytes(picture):
    patches = cut(picture.pixels, 4)
    embedding = np.ones((8, 8, 3), np.float32)
    assert patches_payload(patches, embedding) == patches_payload(patches.copy(), embedding)


def test_wrong_shapes_are_named_in_the_error(picture):
    with pytest.raises(ValueError, match=r"\(gh, gw, P, P, 3\) uint8, got \(32, 32, 3\)"):
        patches_payload(picture.pixels, None)
    with pytest.raises(ValueError, match=r"\(8, 8, D\), got \(4, 4, 3\)"):
        patches_payload(cut(picture.pixels, 4), np.ones((4, 4, 3)))


def test_the_cost_stands_for_every_stop(unpack, picture):
    payload = cost_payload(
        picture.pixels, cuts(picture.pixels, 11), patch_size=11, grid_sides=SIDES
    )
    header, arrays = unpack(payload)
    assert [stop["tokens"] for stop in header["stops"]] == [256, 121, 64, 36, 25, 16, 9, 4, 1]
    assert header["stops"][header["now"]]["P"] == 11
    assert header["sides"] == {"seen": 33, "valid": 22, "same": 33}
    np.testing.assert_array_equal(arrays["valid"], picture.pixels[:22, :22])
    assert header["headings"][1].startswith("11 does not divide 32")
    assert header["captions"][1] == "cropped to 22\u00a0×\u00a022 pixels, 2\u00a0×\u00a02 patches"


def test_where_p_divides_every_way_of_cutting_is_the_same(unpack, picture):
    payload = cost_payload(picture.pixels, cuts(picture.pixels, 8), patch_size=8, grid_sides=SIDES)
    header, arrays = unpack(payload)
    for name in ("seen", "valid", "same"):
        np.testing.assert_array_equal(arrays[name], picture.pixels)
    assert header["headings"][1] == "8 divides 32: every way of cutting gives the same patches"
    assert len(set(header["captions"])) == 1


@pytest.mark.parametrize(
    "size, words",
    [
        (4, "4,096 pairs of patches at 4 × 4, 16 times as many as at 8 × 8"),
        (3, "14,641 pairs of patches at 3 × 3, 23 times as many as at 6 × 6"),
        (11, "81 pairs of patches at 11 × 11, 5.1 times as many as at 16 × 16"),
        (16, "16 pairs of patches at 16 × 16, 16 times as many as at 32 × 32"),
        (32, "no other patch to look at"),
    ],
)
def test_the_cost_is_compared_with_the_stop_nearest_to_twice_the_size(size, words):
    assert cost_sentence(size, SIDES).replace("\u00a0", " ").endswith(words)


def test_a_size_that_is_no_stop_is_named_in_the_error(picture):
    with pytest.raises(ValueError, match=r"one of \[2, 3, 4, .*got 7"):
        cost_payload(picture.pixels, {}, patch_size=7, grid_sides=SIDES)
    with pytest.raises(ValueError, match="seen, valid and same, got"):
        cost_payload(picture.pixels, {}, patch_size=8, grid_sides=SIDES)


def test_at_most_28_components_are_sent(unpack):
    rng = np.random.default_rng(0)
    data = filters_payload(rng.random((50, 4, 4, 3)), rng.random((48, 4, 4, 3)), np.ones(48) / 48)
    header, arrays = unpack(data)
    assert arrays["components"].shape == (28, 4, 4, 3)
    assert arrays["filters"].shape == (50, 4, 4, 3)
    assert header["K"] == 48
    assert header["headings"] == ["All 50 filters", "Shown: the first 28 of 48 components"]


def test_filters_that_do_not_fit_their_components_are_named_in_the_error():
    with pytest.raises(ValueError, match=r"got \(2, 4, 4, 3\), \(3,\)"):
        filters_payload(np.ones((5, 4, 4, 3)), np.ones((2, 4, 4, 3)), np.ones(3))


def test_the_title_counts_what_carries_nine_tenths():
    title = filters_title(np.array([0.6, 0.3, 0.1]), np.array([0.5, 0.3, 0.2]))
    assert title == (
        "2 of 3 components carry 90% of what the filters look for; before training it takes 3"
    )
    assert filters_title(np.array([1.0, 0.0]), np.array([1.0, 0.0])).startswith("1 of 2 component ")


def test_the_untrained_kernel_is_the_one_training_starts_from():
    config = PRESETS["tiny"]
    kernel = initial_weights(config)["patch_embedding/kernel"]
    np.testing.assert_array_equal(untrained_kernel(kernel.shape), kernel)


def test_a_figure_of_a_kernel_that_learned_nothing_says_so():
    kernel = initial_weights(PRESETS["tiny"])["patch_embedding/kernel"]
    title = filter_figure(kernel, 4).title
    needed = title.split()[0]
    assert title.endswith(f"before training it takes {needed}")
