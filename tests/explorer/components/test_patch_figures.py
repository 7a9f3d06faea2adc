"""What the figures of Patches are sent: the flow, the cost and the filters."""

import numpy as np
import pytest

from explorer.components.cost.component import cost_finding, cost_payload
from explorer.components.filters.component import (
    filter_figure,
    filters_payload,
    needed_components,
    untrained_kernel,
)
from explorer.components.patches.component import patches_payload
from vitcore.config import PATCH_SIZES, PRESETS, grid_side
from vitcore.initialisation import initial_weights
from vitcore.patches import model_input, patchify

SIDES = {size: grid_side(size) for size in PATCH_SIZES}


def cuts(pixels, size):
    ways = {"seen": "resize", "valid": "valid", "same": "same"}
    return {name: patchify(pixels, size, padding=way) for name, way in ways.items()}


@pytest.mark.parametrize("size", PATCH_SIZES)
def test_the_flow_carries_the_image_as_the_model_sees_it(unpack, image, size):
    header, arrays = unpack(patches_payload(patchify(image.pixels, size), None))
    np.testing.assert_array_equal(arrays["rgb"], model_input(image.pixels, size))
    assert header["grid"] == [SIDES[size]] * 2
    assert 0 <= header["start"] < SIDES[size] ** 2


def test_the_embedding_is_sent_as_it_is(unpack, image):
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(8, 8, 12)).astype(np.float32)
    header, arrays = unpack(patches_payload(patchify(image.pixels, 4), embedding))
    np.testing.assert_array_equal(arrays["embedding"], embedding.reshape(64, 12))
    assert header["shown"] < np.abs(embedding).max()
    assert header["captions"][:4] == ["`(32, 32, 3)`", "`(64, 4, 4, 3)`", "`(4, 4, 3)`", "`(48,)`"]
    assert header["captions"][4].startswith("`(12,)` ")
    assert header["captions"][5] == "`(64, 12)`"


def test_an_embedding_of_zeros_is_drawn(unpack, image):
    header, arrays = unpack(patches_payload(patchify(image.pixels, 32), np.zeros((1, 1, 4))))
    assert header["shown"] == 1
    assert not arrays["embedding"].any()


def test_the_same_patches_give_the_same_bytes(image):
    patches = patchify(image.pixels, 4)
    embedding = np.ones((8, 8, 3), np.float32)
    assert patches_payload(patches, embedding) == patches_payload(patches.copy(), embedding)


def test_wrong_shapes_are_named_in_the_error(image):
    with pytest.raises(ValueError, match=r"\(gh, gw, P, P, 3\) uint8, got \(32, 32, 3\)"):
        patches_payload(image.pixels, None)
    with pytest.raises(ValueError, match=r"\(8, 8, D\), got \(4, 4, 3\)"):
        patches_payload(patchify(image.pixels, 4), np.ones((4, 4, 3)))


def test_the_cost_stands_for_every_stop(unpack, image):
    payload = cost_payload(image.pixels, cuts(image.pixels, 11), patch_size=11, grid_sides=SIDES)
    header, arrays = unpack(payload)
    assert [stop["tokens"] for stop in header["stops"]] == [256, 121, 64, 36, 25, 16, 9, 4, 1]
    assert header["stops"][header["now"]]["P"] == 11
    assert header["sides"] == {"seen": 33, "valid": 22, "same": 33}
    np.testing.assert_array_equal(arrays["valid"], image.pixels[:22, :22])
    assert header["cut"].endswith("(remainder 10)")
    assert header["captions"][1] == "22\u00a0×\u00a022 px, 2\u00a0×\u00a02 patches"


def test_where_p_divides_all_three_ways_agree(unpack, image):
    payload = cost_payload(image.pixels, cuts(image.pixels, 8), patch_size=8, grid_sides=SIDES)
    header, arrays = unpack(payload)
    for name in ("seen", "valid", "same"):
        np.testing.assert_array_equal(arrays[name], image.pixels)
    assert "remainder" not in header["cut"]
    assert len(set(header["captions"])) == 1


@pytest.mark.parametrize(
    "size, other, tokens, times",
    [(4, 8, 64, "16"), (3, 6, 121, "23"), (11, 16, 9, "5.1"), (16, 32, 4, "16")],
)
def test_the_cost_is_compared_with_the_stop_nearest_to_twice_the_size(size, other, tokens, times):
    assert cost_finding(size, SIDES) == (
        f"P = {size}: {tokens} patches, {tokens**2:,} pairs, {times}× as many as P = {other}"
    )


@pytest.mark.parametrize("side", [64, 224])
def test_of_a_large_image_the_largest_stop_has_its_own_cost(side):
    sides = {size: -(-side // size) for size in SIDES}
    said = [cost_finding(size, sides) for size in sides]
    tokens = sides[32] ** 2
    assert f"{tokens} patches, {tokens**2:,} pairs" in said[-1]
    assert "as many" not in said[-1]
    assert all("as many" in one for one in said[:-1])


def test_every_stop_has_its_finding_for_the_pointer(unpack, image):
    data = cost_payload(image.pixels, cuts(image.pixels, 8), patch_size=8, grid_sides=SIDES)
    stops = unpack(data)[0]["stops"]
    assert [one["finding"].split(":")[0] for one in stops] == [f"P = {one['P']}" for one in stops]
    assert stops[-1]["finding"].endswith("1 patch, 1 pair")


def test_a_size_that_is_no_stop_is_named_in_the_error(image):
    with pytest.raises(ValueError, match=r"one of \[2, 3, 4, .*got 7"):
        cost_payload(image.pixels, {}, patch_size=7, grid_sides=SIDES)
    with pytest.raises(ValueError, match="seen, valid and same, got"):
        cost_payload(image.pixels, {}, patch_size=8, grid_sides=SIDES)


def test_at_most_28_components_are_sent(unpack):
    rng = np.random.default_rng(0)
    data = filters_payload(rng.random((50, 4, 4, 3)), rng.random((48, 4, 4, 3)), np.ones(48) / 48)
    header, arrays = unpack(data)
    assert arrays["components"].shape == (28, 4, 4, 3)
    assert arrays["filters"].shape == (50, 4, 4, 3)
    assert header["headings"] == ["All 50 filters", "Principal components 1–28 of 48"]


def test_filters_that_do_not_fit_their_components_are_named_in_the_error():
    with pytest.raises(ValueError, match=r"got \(2, 4, 4, 3\), \(3,\)"):
        filters_payload(np.ones((5, 4, 4, 3)), np.ones((2, 4, 4, 3)), np.ones(3))


@pytest.mark.parametrize(
    "explained, needed", [([0.6, 0.3, 0.1], 2), ([0.5, 0.3, 0.2], 3), ([1.0, 0.0], 1)]
)
def test_components_are_counted_until_they_explain_nine_tenths(explained, needed):
    assert needed_components(np.array(explained)) == needed


def test_the_untrained_kernel_is_the_one_training_starts_from():
    config = PRESETS["tiny"]
    kernel = initial_weights(config)["patch_embedding/kernel"]
    np.testing.assert_array_equal(untrained_kernel(kernel.shape), kernel)


def test_a_kernel_as_it_was_initialized_needs_as_many_components_as_random_init():
    kernel = initial_weights(PRESETS["tiny"])["patch_embedding/kernel"]
    figure = filter_figure(kernel, 4)
    assert figure.needed == figure.needed_at_init
    assert figure.finding == (
        f"{figure.needed} of {figure.components} principal components explain 90% of the variance "
        f"({figure.needed} at random init)"
    )
