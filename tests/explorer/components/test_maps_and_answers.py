"""What the maps and the patches' answers are sent."""

import numpy as np
import pytest

from explorer.components.attribution_tiles.component import Faithfulness, Group, Tile, tiles_payload
from explorer.components.patch_predictions.component import answers_payload

SEEN = np.zeros((32, 32, 3), np.uint8)


def tile(values, **rest):
    return Tile(name="Map", said="map", note="", values=np.array(values, float), **rest)


def curves_of(value):
    line = np.array([value, 0.0, 1.0])
    return Faithfulness(
        deletion=line,
        insertion=line + 1,
        areas=(0.1, 0.2),
        chance=(line + 2, line + 3),
        chance_areas=(0.3, 0.4),
    )


def test_maps_arrive_with_their_curves(unpack):
    groups = [
        Group(name="Both", tiles=(tile([[1, 2]]), tile([[3, 4]], tested=curves_of(5)))),
        Group(name="Other", tiles=(tile([[-1, 0.5]], tested=curves_of(6), unit="share"),)),
    ]
    header, arrays = unpack(tiles_payload(SEEN, groups, shares=np.array([0, 0.5, 1]), rev="a"))
    assert header["grid"] == [1, 2]
    first, second, third = (entry for group in header["groups"] for entry in group["tiles"])
    assert [entry["curve"] for entry in (first, second, third)] == [None, 0, 1]
    assert (second["areas"], second["chances"]) == ([0.1, 0.2], [0.3, 0.4])
    assert (third["unit"], third["low_"], third["high_"]) == ("share", 0.0, 0.5)
    np.testing.assert_allclose(arrays["values"][2], [[-1, 0.5]])
    np.testing.assert_allclose(arrays["curves"][1], [[6, 0, 1], [7, 1, 2]])
    np.testing.assert_allclose(arrays["chance"][0], [[7, 2, 3], [8, 3, 4]])


def test_without_curves_there_are_none(unpack):
    data = tiles_payload(SEEN, [Group(name="", tiles=(tile([[2.0]]),))], awaited="Working.")
    header, arrays = unpack(data)
    assert set(arrays) == {"rgb", "values"}
    assert header["awaited"] == "Working."
    (entry,) = header["groups"][0]["tiles"]
    assert (entry["low_"], entry["high_"]) == (0.0, 2.0)  # one patch is not nothing


def test_signed_maps_are_centered_on_zero(unpack):
    data = tiles_payload(SEEN, [Group(name="", tiles=(tile([[-3, 1]], signed=True),))])
    (entry,) = unpack(data)[0]["groups"][0]["tiles"]
    assert (entry["signed"], entry["low_"], entry["high_"]) == (True, 0.0, 3.0)


def test_a_map_that_is_not_there_yet_keeps_its_place(unpack):
    late = Tile(name="Late", said="late", note="", values=None)
    data = tiles_payload(
        SEEN, [Group(name="", tiles=(tile([[3, 4]]), late))], progress=("Erasing.", 0.25)
    )
    header, arrays = unpack(data)
    assert [entry["there"] for entry in header["groups"][0]["tiles"]] == [True, False]
    assert header["progress"] == ["Erasing.", 0.25]
    np.testing.assert_allclose(arrays["values"], [[[3, 4]], [[0, 0]]])


def test_maps_over_different_grids_are_refused():
    groups = [Group(name="", tiles=(tile([[1, 2]]), tile([[1], [2]])))]
    with pytest.raises(ValueError, match="same grid"):
        tiles_payload(SEEN, groups)


def test_the_same_maps_are_the_same_bytes():
    groups = [Group(name="", tiles=(tile([[1, 2]]),))]
    assert tiles_payload(SEEN, groups) == tiles_payload(SEEN, groups)


def test_answers_arrive_for_every_block_and_patch(unpack):
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=(4, 6)).astype(np.float32)
    data = answers_payload(SEEN, shares, (2, 3), names="abc", coloured=(2, 0), rev="r")
    header, arrays = unpack(data)
    assert (header["places"], header["grid"], header["coloured"]) == (4, [2, 3], [2, 0])
    np.testing.assert_array_equal(arrays["shares"], shares)
    with pytest.raises(ValueError, match="probabilities must be"):
        answers_payload(SEEN, shares, (2, 2), names="abc", coloured=(0, 1))
