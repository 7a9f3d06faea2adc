"""The table of measurements: its numbers mean what it says. Nothing is timed here."""

import json

import pytest

from vitcore import bench
from vitcore.bench.contenders import SIDES, Side, answer
from vitcore.config import PRESETS

MILLISECONDS = {
    ("ours", "product float32"): 40.0,
    ("ours", "product bfloat16"): 20.0,
    ("published", "article"): 300.0,
    ("ours", "article"): 150.0,
    ("torch", "article"): 450.0,
    ("ours", "flexi"): 500.0,
    ("torch", "trace 32"): 4.0,
    ("ours", "trace 32"): 5.0,
}


class Still:
    """A side without a clock: what it is asked for takes what stands above, or a millisecond."""

    asked = ()

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def times(self, what, count):
        Still.asked += ((self.name, what, count),)
        return [MILLISECONDS.get((self.name, what), 1.0)] * count


@pytest.fixture
def everything_installed(monkeypatch):
    monkeypatch.setattr("vitcore.bench.contenders.Kind.missing", lambda _: None)
    Still.asked = ()


def rows(result):
    return {row["what"]: row for row in result["rows"]}


def ratio(row, of_what):
    return next(each["median"] for each in row["ratios"] if each["of_what"] == of_what)


def test_ratios_are_of_the_rows_beside_them(everything_installed):
    found = rows(bench.measure(2, start=Still))
    ours = found["step, article: ours, its augmentation"]
    assert (ours["median"], ours["least"], ours["most"]) == (150, 150, 150)
    assert ratio(ours, "x as fast as published") == 2
    assert ratio(ours, "x as fast as PyTorch") == 3
    trace = found["32/4/192x6x3: trace, everything kept"]
    assert ratio(trace, "of the time of transformers") == 5 / 4
    rate = 2 * 2048**3 / 40  # operations per millisecond
    flexi = found["step, flexi at patch size 4: ours"]
    operations = bench.training_operations(PRESETS["flexi"], 128)
    assert ratio(flexi, "of the float32 rate") == pytest.approx(operations / 500 / rate)


def test_each_takes_its_turn_after_a_first_call_that_is_not_counted(everything_installed):
    bench.measure(2, start=Still)
    turns = [(side, name, count) for side, name, count, _ in bench.MEASURED]
    assert list(Still.asked) == [(side, name, 1) for side, name, _ in turns] + 2 * turns


def test_what_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr(
        "vitcore.bench.contenders.Kind.missing",
        lambda kind: None if kind is SIDES["ours"] else "torch",
    )
    result = bench.measure(1, start=Still)
    assert not [row for row in result["rows"] if "PyTorch" in row["what"]]
    ours = rows(result)["step, article: ours, its augmentation"]
    assert [each["of_what"] for each in ours["ratios"]] == ["of the float32 rate"]


def test_table_tells_the_conditions_and_every_row_and_ratio(everything_installed):
    result = bench.measure(1, start=Still)
    text = bench.table(result)
    assert text.startswith(result["machine"])
    assert "cores" in text
    assert "load average" in text
    assert "keras 3" in text
    for row in result["rows"]:
        assert row["what"] in text
        assert all(each["of_what"] in text for each in row["ratios"])
    assert "2.00 (2.00) x as fast as published" in text
    assert json.loads(json.dumps(result)) == result


def test_operations_of_the_articles_step_add_up_by_hand():
    # Per token forwards: patches 48 x 64, then six times q, k, v and output (4 x 64 x 256), both
    # dense layers (2 x 64 x 128) and both products of attention (2 x 64 x 256).
    one = 48 * 64 + 6 * (4 * 64 * 256 + 2 * 64 * 128 + 2 * 64 * 256)
    assert bench.training_operations(PRESETS["article"], 128) == 128 * 64 * 3 * 2 * one


def test_call_is_made_at_its_first_question_and_once_more_than_asked():
    made, called = [], []

    def make():
        made.append(1)
        return lambda: called.append(1)

    replies = [json.loads(line) for line in answer({"a": make}, ['["a", 2]', '["a", 3]'])]
    assert [len(times) for times in replies] == [2, 3]
    assert (len(made), len(called)) == (1, 1 + 2 + 3)
    assert all(time >= 0 for times in replies for time in times)


def test_side_answers_from_a_process_of_its_own():
    with Side("ours") as side:
        (time,) = side.times("product float32", 1)
        assert time > 0
        with pytest.raises(RuntimeError, match="that measures ours ended at no such thing"):
            side.times("no such thing", 1)
