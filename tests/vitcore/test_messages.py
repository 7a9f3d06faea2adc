"""Numbers in sentences: short, and read back as what they were."""

import numpy as np
import pytest

from vitcore.messages import short_number


@pytest.mark.parametrize(
    "value",
    [0, -1, 7, 12_345, 9_999_999_999, 0.0, 1.5, 1e-5, -0.25, 100_000.0, 1e12, 1e300, -1e300]
    + [int(1e300), 10**14, np.int64(12), np.float32(0.5)],
)
def test_a_short_number_is_the_number(value):
    text = short_number(value)
    assert len(text) <= 21
    assert "+" not in text
    assert not text.endswith(".0")
    assert float(text.replace(",", "")) == pytest.approx(float(value), rel=5e-3, abs=0)


def test_a_whole_number_beyond_every_float_is_short_as_well():
    assert short_number(10**400) == "1e400"
    assert short_number(-(10**400)) == "-1e400"


@pytest.mark.parametrize("value", [True, None, "5", (1,)])
def test_what_is_no_number_is_shown_as_it_was_given(value):
    assert short_number(value) == repr(value)
