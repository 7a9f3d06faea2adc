"""The payload format, read back by a decoder that shares nothing with the packer."""

import numpy as np
import pytest

from explorer.components import pack, rows_as_codes, signed_as_codes
from explorer.components.packing import cosines_as_codes


def test_what_was_packed_is_read_back(unpack):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (3, 5, 7), dtype=np.uint8)
    numbers = rng.normal(size=(4, 3)).astype(np.float32)
    header, arrays = unpack(pack("lens", {"words": "5 × 5"}, codes=codes, numbers=numbers))
    assert header["kind"] == "lens"
    assert header["words"] == "5 × 5"
    np.testing.assert_array_equal(arrays["codes"], codes)
    np.testing.assert_array_equal(arrays["numbers"], numbers)


def test_a_view_that_is_not_contiguous_keeps_its_order(unpack):
    numbers = np.arange(12, dtype=np.float32).reshape(3, 4).T
    _, arrays = unpack(pack("lens", {}, numbers=numbers))
    np.testing.assert_array_equal(arrays["numbers"], numbers)


def test_the_same_arguments_give_the_same_bytes():
    def build():
        return pack("lens", {"b": 1, "a": 2}, x=np.ones((2, 2), np.uint8))

    assert build() == build()


def test_a_header_without_arrays_is_a_payload(unpack):
    header, arrays = unpack(pack("hero", {"now": "overview"}))
    assert header["now"] == "overview"
    assert arrays == {}


def test_another_type_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"uint8 or float32, got float64"):
        pack("lens", {}, x=np.zeros(3))


def test_a_reserved_name_is_refused():
    with pytest.raises(ValueError, match="kind"):
        pack("lens", {"kind": "mine"})


def test_a_number_that_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        pack("lens", {"loss": float("nan")})


def test_codes_give_the_shares_back_to_half_a_step():
    shares = np.random.default_rng(1).dirichlet(np.ones(9), size=(2, 4)).astype(np.float32)
    codes, maxima = rows_as_codes(shares)
    back = codes / 255 * maxima[..., None]
    assert np.all(np.abs(back - shares) <= maxima[..., None] / 510 + 1e-7)


def test_a_row_of_zeros_stays_zero():
    codes, maxima = rows_as_codes(np.zeros((1, 3), np.float32))
    assert not codes.any()
    assert maxima.tolist() == [0.0]


def test_signed_codes_are_centred_and_clipped():
    codes = signed_as_codes(np.array([-5.0, -1.0, 0.0, 1.0, 5.0]), quantile=0.5)
    assert codes.tolist() == [0, 0, 128, 255, 255]


def test_all_zero_values_are_all_centre():
    assert set(signed_as_codes(np.zeros(4)).tolist()) == {128}


def test_cosines_are_read_back_from_their_triangle():
    vectors = np.random.default_rng(0).normal(size=(3, 12, 5))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    cosines = vectors @ vectors.transpose(0, 2, 1)
    read = np.frombuffer(cosines_as_codes(cosines).tobytes(), "<i2").reshape(3, -1) / 32_767
    at = 0
    for i in range(12):
        for j in range(i + 1):
            np.testing.assert_allclose(read[:, at], cosines[:, i, j], atol=2e-5)
            at += 1
    assert at == read.shape[1]
