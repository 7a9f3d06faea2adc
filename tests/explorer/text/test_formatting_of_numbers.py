"""Numbers as a person writes them."""

import pytest

from explorer.text.formatting import is_number, max_difference, signed, small_number


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0"),
        (3e-7, "3·10⁻⁷"),
        (2.96e-10, "3·10⁻¹⁰"),
        (0.004, "4·10⁻³"),
        (0.617, "0.62"),
        (1, "1.00"),
    ],
)
def test_small_numbers(value, text):
    assert small_number(value) == text


@pytest.mark.parametrize(
    "value, text", [(0.934, "0.93"), (-0.5, "−0.50"), (-0.001, "0.00"), (0, "0.00")]
)
def test_signed_numbers_carry_a_minus_and_none_before_nothing(value, text):
    assert signed(value) == text


@pytest.mark.parametrize("value, rounded", [(2e-7, True), (0.15, False), (0, False)])
def test_a_difference_that_rounding_explains_is_called_so(value, rounded):
    said = max_difference(value)
    assert said.startswith(f"max. difference {small_number(value)}")
    assert ("rounding" in said) is rounded


def test_a_difference_below_zero_is_named_in_the_error():
    with pytest.raises(ValueError, match="not be below 0, got -1"):
        small_number(-1)


def test_what_a_file_holds_is_a_number_where_a_float_can_hold_it():
    held = [0, -1.5, 10**300, 10**400, float("nan"), float("inf"), True, "1", None, [1]]
    assert [is_number(value) for value in held] == [True] * 3 + [False] * 7
