"""Findings of the Encoder page: the numbers in them."""

import re

import numpy as np
import pytest

from explorer.text.encoder_findings import (
    Settling,
    depth_finding,
    encoder_finding,
    norm_finding,
    residual_finding,
    settling,
)

NAMES = ("bird", "cat", "dog")


def reading(*labels, p=0.8):
    """Probabilities after each block, of these classes."""
    early = np.full((len(labels), 3), (1 - p) / 2)
    early[np.arange(len(labels)), labels] = p
    return early


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ((2, 2, 2), Settling(2, 0, None)),
        ((0, 2, 2), Settling(2, 1, 0)),
        ((2, 1, 2), Settling(2, 2, 1)),
        ((1,), Settling(1, 0, None)),
    ],
)
def test_the_logit_lens_settles_after_the_last_other_class(labels, found):
    assert settling(reading(*labels)) == found


def test_a_uniform_end_settles_nowhere():
    early = np.full((3, 3), 1 / 3)
    assert settling(early) is None
    assert depth_finding(early, NAMES) == ""
    assert encoder_finding(early, NAMES)


def test_the_largest_gain_names_its_block():
    early = reading(0, 0, 1)
    assert re.findall(r"\+?\d+%?", depth_finding(early, NAMES)) == ["10%", "80%", "2", "+70"]


def test_every_finding_is_one_short_line():
    for labels in [(2, 2), (0, 2), (2, 0, 1)]:
        for line in (
            encoder_finding(reading(*labels), NAMES),
            depth_finding(reading(*labels), NAMES),
        ):
            assert len(line.split()) <= 18
            assert "\n" not in line


def test_changed_predictions_are_counted_by_what_is_removed():
    without = np.zeros((2, 2, 2, 3))
    without[..., 2] = 1.0
    without[0, 1, 0] = without[1, 1, 0] = without[1, 0, 1] = [1, 0, 0]
    found = residual_finding(without, np.array([0.1, 0.1, 0.8]))
    assert re.findall(r"\d+", found) == ["2", "4", "1", "4"]


def test_a_norm_says_no_number_that_its_figure_changes():
    assert re.findall(r"\d+", norm_finding(192)) == ["192"]
