"""Answers: how large they are, and which are kept."""

from dataclasses import dataclass

import numpy as np
import pytest

from explorer.client.result_cache import ResultCache, is_finite, protect, size_of


@dataclass(frozen=True)
class Record:
    array: np.ndarray
    inside: dict


def record():
    return Record(np.zeros(100, np.uint8), {"a": [np.zeros((2, 5), np.float32)]})


def test_the_size_of_an_answer_is_that_of_its_arrays():
    assert size_of(record()) == 100 + 40


def test_every_array_of_an_answer_becomes_read_only():
    answer = record()
    protect(answer)
    for array in (answer.array, answer.inside["a"][0]):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_none_is_found_wherever_it_stands(odd):
    assert is_finite(record())
    assert is_finite((1.0, None, "nan", {"a": [2]}, np.array(["nan"])))
    assert not is_finite(odd)
    answer = record()
    answer.inside["a"][0][1, 4] = odd
    assert not is_finite(answer)
    assert not is_finite({"a": (1.0, float(odd))})


def test_the_answer_not_used_for_longest_makes_room():
    answers = ResultCache(250)
    for name in "ab":
        answers.put(name, np.zeros(100, np.uint8))
    answers.get("a")
    answers.put("c", np.zeros(100, np.uint8))
    assert answers.get("b") is None
    assert answers.get("a") is not None
    assert answers.get("c") is not None


def test_an_answer_larger_than_the_room_is_kept_alone():
    answers = ResultCache(250)
    answers.put("a", np.zeros(100, np.uint8))
    answers.put("large", np.zeros(1000, np.uint8))
    assert answers.get("large") is not None
    assert answers.get("a") is None
    answers.put("b", np.zeros(100, np.uint8))
    assert answers.get("large") is None


def test_an_answer_that_comes_twice_counts_once():
    answers = ResultCache(250)
    for _ in range(10):
        answers.put("a", np.zeros(100, np.uint8))
    answers.put("b", np.zeros(100, np.uint8))
    assert answers.get("a") is not None
