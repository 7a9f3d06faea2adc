"""What the ribbon is sent: from a reading, and before there is one."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.components.pipeline.component import fingerprint, output_payload, placeholder_payload
from explorer.results import Failure, Pending
from vitcore.config import PRESETS

WAITING = Pending("Loading.", "", 0.4)


def test_attention_is_the_mean_of_heads_between_patches(make_reading, unpack):
    reading = make_reading(16, prefix=1)
    _, arrays = unpack(output_payload(reading, name="a", truth=6))
    mean = reading.attention.mean(axis=1)[:, 1:, 1:]
    assert arrays["attention"].shape == (2, 4, 4)
    back = arrays["attention"] / 255 * arrays["peak"][..., None]
    np.testing.assert_allclose(back, mean, atol=mean.max() / 500)


def test_received_is_what_each_patch_gets_from_all(make_reading, unpack):
    reading = make_reading(8)
    _, arrays = unpack(output_payload(reading, name="a", truth=6))
    received = reading.attention.mean(axis=(1, 2))
    np.testing.assert_array_equal(
        arrays["received"], np.rint(255 * received / received.max(axis=-1, keepdims=True))
    )


def test_patch_logits_are_sent_where_each_patch_has_one(make_reading, unpack):
    reading = make_reading(8)
    _, arrays = unpack(output_payload(reading, name="a", truth=6))
    np.testing.assert_array_equal(arrays["patch_logits"], reading.patch_logits)


def test_with_a_class_token_there_are_no_patch_logits(make_reading, unpack):
    header, arrays = unpack(output_payload(make_reading(8, prefix=1), name="a", truth=6))
    assert "patch_logits" not in arrays
    assert header["captions"]["positions"] == "`(17, 12)`"


@pytest.mark.parametrize(
    ("prefix", "pooled", "said"),
    [
        (1, True, "1 register, then 16 patches"),
        (4, True, "4 registers, then 16 patches"),
        (1, False, "1 class token, then 16 patches"),
        (5, False, "1 class token, then 4 registers, then 16 patches"),
    ],
)
def test_rows_of_prefix_tokens_come_first(make_reading, unpack, prefix, pooled, said):
    reading = make_reading(8, prefix=prefix)
    if pooled:
        reading = replace(reading, patch_logits=make_reading(8).patch_logits)
    header, _ = unpack(output_payload(reading, name="a", truth=6))
    assert said in header["rest"]


def test_the_strip_carries_no_rows_of_attention(make_reading, unpack):
    payload = output_payload(make_reading(4), name="a", truth=6, mode="strip", now="patches")
    header, arrays = unpack(payload)
    assert set(arrays) == {"rgb", "tokens", "received"}
    assert header["now"] == "patches"


def test_the_largest_probability_is_the_answer(make_reading, unpack):
    reading = make_reading(8, logits=[0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
    header, _ = unpack(output_payload(reading, name="a", truth=6))
    assert header["top"] == 2


def test_a_model_that_prefers_nothing_has_no_answer(make_reading, unpack):
    header, _ = unpack(output_payload(make_reading(8, logits=[0] * 10), name="a", truth=6))
    assert header["top"] == -1


def test_the_truth_is_spoken_of_only_where_it_is_known(make_reading, unpack):
    header, _ = unpack(output_payload(make_reading(8), name="a", truth=None))
    assert header["truth"] is None
    assert header["captions"]["answer"] == ""


def test_one_token_is_one_patch(make_reading, unpack):
    header, arrays = unpack(output_payload(make_reading(32), name="a", truth=6))
    assert header["captions"]["patches"] == "1 × `(32, 32, 3)`"
    assert arrays["attention"].shape == (2, 1, 1)
    assert "Hover" not in header["rest"]


def test_a_grid_need_not_be_square(make_reading, unpack):
    header, arrays = unpack(output_payload(make_reading(8, grid=(2, 4)), name="a", truth=6))
    assert header["grid"] == [2, 4]
    assert header["size"] == [16, 32]
    assert arrays["attention"].shape == (2, 8, 8)


@pytest.mark.parametrize(("patch_size", "side", "grid"), [(4, 32, 8), (3, 33, 11), (32, 32, 1)])
def test_waiting_shows_the_image_as_the_model_will_see_it(select, unpack, patch_size, side, grid):
    payload = placeholder_payload(WAITING, select(patch_size, config=None))
    header, arrays = unpack(payload)
    assert arrays["rgb"].shape == (side, side, 3)
    assert header["grid"] == [grid, grid]
    assert header["state"] == "waiting"
    assert header["done"] == 0.4


def test_a_known_model_gives_the_placeholder_its_numbers(select, unpack):
    config = PRESETS["plain"]
    payload = placeholder_payload(WAITING, select(4, config=config))
    header, _ = unpack(payload)
    assert header["blocks"] == config.depth
    assert header["prefix"] == 1
    assert header["captions"]["positions"] == f"`(65, {config.width})`"


def test_a_problem_has_no_progress(select, unpack):
    problem = Failure("The model stopped.", "Choose another.")
    header, _ = unpack(placeholder_payload(problem, select(4, config=None)))
    assert header["state"] == "problem"
    assert header["done"] is None


def test_payloads_are_the_same_bytes_each_time(make_reading):
    first, second = make_reading(8), make_reading(8)
    assert fingerprint(first) == fingerprint(second)
    assert output_payload(first, name="a", truth=6) == output_payload(second, name="a", truth=6)


def test_another_attention_has_another_fingerprint(make_reading):
    assert fingerprint(make_reading(8)) != fingerprint(make_reading(8, heads=2))
    changed = make_reading(8)
    attention = changed.attention.copy()
    attention[-1] = attention[-1, :, ::-1]
    assert fingerprint(changed) != fingerprint(make_reading(8, attention=attention))
