"""Amounts read as a person writes them."""

import pytest

from explorer.text import formatting


@pytest.mark.parametrize(
    "seconds, text", [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3723, "1:02:03")]
)
def test_seconds_read_as_a_clock(seconds, text):
    assert formatting.clock(seconds) == text


@pytest.mark.parametrize(
    "value, text", [(1.834, "1.83"), (999.0, "999.00"), (5848839168.0, "5.8e9"), (1234.0, "1200")]
)
def test_a_diverging_loss_is_short(value, text):
    assert formatting.loss(value) == text
