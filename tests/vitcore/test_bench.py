"""The table of measurements: its numbers mean what it says. Nothing is timed here."""

import json

import pytest

from vitcore import bench
from vitcore.config import PATCH_SIZES, PRESETS


@pytest.fixture
def still(monkeypatch):
    """No clock: each call takes 10, 20, 30 milliseconds by its place."""
    monkeypatch.setattr(
        bench,
        "_times",
        lambda calls, rounds: [[10.0 * (i + 1)] * rounds for i in range(len(calls))],
    )
    for name in ("_our_step", "_published_step", "_product"):
        monkeypatch.setattr(bench, name, lambda: None)


def test_ratios_are_of_the_same_run(still):
    result = bench.measure(2)
    *traces, theirs, ours, product = result["rows"]
    assert len(traces) == len(PATCH_SIZES)
    assert (theirs["median"], ours["median"], product["median"]) == (20, 10, 30)
    assert ours["ratio"] == 2
    rate = 2 * 2048**3 / 30
    operations = bench.training_operations(PRESETS["article"], 128)
    assert product["ratio"] == pytest.approx(operations / 10 / rate)


def test_table_has_a_line_for_each_row_and_json_holds_the_same(still):
    result = bench.measure(1)
    lines = bench.table(result).splitlines()
    assert lines[0] == result["machine"]
    assert len(lines) == 2 + len(result["rows"])
    assert "2.00 x as fast" in lines[-2]
    assert json.loads(json.dumps(result)) == result


def test_operations_of_the_articles_step_add_up_by_hand():
    # Per token forwards: patches 48 x 64, then six times q, k, v and output (4 x 64 x 256), both
    # dense layers (2 x 64 x 128) and both products of attention (2 x 64 x 256).
    one = 48 * 64 + 6 * (4 * 64 * 256 + 2 * 64 * 128 + 2 * 64 * 256)
    assert bench.training_operations(PRESETS["article"], 128) == 128 * 64 * 3 * 2 * one
