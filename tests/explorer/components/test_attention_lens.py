"""What the lens is sent, and what is believed of what it sends back."""

from types import SimpleNamespace

import numpy as np
import pytest

from explorer.components.attention_lens import (
    pinned_patch,
    prefix_names,
    reading_payload,
    waiting_payload,
)
from explorer.readings import Waiting
from vitcore.config import PRESETS, ViTConfig

WAITING = Waiting("Starting the model.", "The picture can be used meanwhile.", None)


def test_every_head_of_every_block_can_be_read_back(make_reading, unpack):
    reading = make_reading(8, blocks=3, heads=2)
    header, arrays = unpack(reading_payload(reading, name="a", place=(1, 0, 5), names=()))
    back = arrays["codes"] / 255 * arrays["peaks"][..., None]
    assert back.shape == (3, 2, 16, 16)
    np.testing.assert_allclose(back, reading.attention, atol=reading.attention.max() / 500)
    assert header["start"] == {"block": 1, "head": 0, "patch": 5}


def test_attention_to_the_class_token_stays_beside_the_maps(make_reading, unpack):
    reading = make_reading(16, prefix=1)
    header, arrays = unpack(reading_payload(reading, name="a", place=(0, 0, 0), names=("class",)))
    assert arrays["codes"].shape == (2, 3, 5, 4)  # five tokens look at four patches
    np.testing.assert_array_equal(arrays["before"], reading.attention[..., :1])
    assert header["prefix"] == ["class"]


def test_a_strong_class_token_leaves_the_patches_their_precision(make_reading, unpack):
    attention = np.full((1, 1, 5, 5), 0.001)
    attention[..., 0] = 0.996
    attention[0, 0, 2, 3] = 0.0005
    reading = make_reading(16, prefix=1, attention=attention)
    _, arrays = unpack(reading_payload(reading, name="a", place=(0, 0, 0), names=("class",)))
    back = arrays["codes"] / 255 * arrays["peaks"][..., None]
    np.testing.assert_allclose(back, attention[..., 1:], rtol=0.01)


def test_256_tokens_are_one_byte_per_pair(make_reading, unpack):
    reading = make_reading(2, blocks=1, heads=1)
    payload = reading_payload(reading, name="a", place=(0, 0, 0), names=())
    _, arrays = unpack(payload)
    assert arrays["codes"].nbytes == 256 * 256
    assert len(payload) < 1.1 * 256 * 256


def test_waiting_keeps_a_place_for_every_map(picture, unpack):
    header, arrays = unpack(
        waiting_payload(WAITING, picture.pixels, 5, config=PRESETS["article"], names=())
    )
    assert (header["blocks"], header["heads"]) == (6, 4)
    assert arrays["rgb"].shape == (30, 30, 3)
    assert header["done"] is None


@pytest.mark.parametrize(
    ("sent", "patch_size", "patch"),
    [
        ([9, 8, 8], 4, 9),
        ([9, 8, 8], 8, 0),  # row 1, column 1 of 8 x 8 lies in the first of 4 x 4
        ([0, 1, 1], 4, 36),  # the middle
        ([63, 8, 8], 32, 0),
    ],
)
def test_a_pin_stays_at_its_place_in_the_picture(sent, patch_size, patch):
    assert pinned_patch(SimpleNamespace(pinned=sent), patch_size) == patch


@pytest.mark.parametrize(
    "sent",
    [None, 9, "9", [9], [64, 8, 8], [-1, 8, 8], [0, 0, 8], [1.5, 8, 8], [True, 8, 8], [0, 9e9, 1]],
)
def test_what_is_no_patch_is_no_pin(sent):
    assert pinned_patch(SimpleNamespace(pinned=sent), 4) is None


def test_tokens_before_the_patches_have_names(make_reading):
    with_class = ViTConfig(pooling="class", registers=2)
    with_registers = ViTConfig(registers=2)
    assert prefix_names(WAITING, None) == ()
    assert prefix_names(WAITING, with_class) == ("class", "register 1", "register 2")
    assert prefix_names(WAITING, with_registers) == ("register 1", "register 2")
    assert prefix_names(make_reading(8, prefix=1), None) == ("class",)
