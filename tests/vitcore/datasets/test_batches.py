"""The unpickler reads what was published, and nothing that an image file does not need."""

import io
import pickle

import numpy as np
import pytest

from tests.vitcore.datasets import cifar10_files as files
from vitcore.datasets.batches import DataError, read_batch

COUNT = 20


@pytest.fixture
def content(rng):
    return rng.integers(0, 256, (COUNT, 3072), dtype=np.uint8), rng.integers(0, 10, COUNT)


WRITERS = {
    "python 2": files.python2_pickle,
    **{f"python 3, protocol {p}": files.python3_pickle(p) for p in range(6)},
    "fortran order": files.python3_pickle(4, order="F"),
    "text keys": files.python3_pickle(4, keys=("data", "labels")),
    "label array": lambda data, labels: pickle.dumps(
        {b"data": data, b"labels": labels.astype(np.uint8)}, protocol=4
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_way_of_writing_a_batch_reads_the_same(small, content, writer):
    data, labels = content
    images, read = read_batch(io.BytesIO(WRITERS[writer](data, labels)))
    for i, row, column, colour in ((0, 0, 0, 0), (3, 31, 5, 1), (19, 7, 31, 2)):
        assert images[i, row, column, colour] == data[i, colour * 1024 + row * 32 + column]
    assert images.shape == (COUNT, 32, 32, 3)
    np.testing.assert_array_equal(read, labels)


class Runs:
    """What a hostile pickle does: call a function of its choice."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_runs_code_is_refused_before_it_runs(tmp_path, protocol):
    made = tmp_path / "made"
    data = pickle.dumps({b"data": Runs(open, str(made), "w")}, protocol=protocol)
    with pytest.raises(DataError, match="refused to load .*open"):
        read_batch(io.BytesIO(data))
    assert not made.exists()


@pytest.mark.parametrize(
    "name", ["os system", "builtins eval", "numpy load", "numpy.core.multiarray scalar"]
)
def test_only_the_few_names_that_arrays_need_are_allowed(name):
    module, function = name.split()
    with pytest.raises(DataError, match=f"{module}.{function}"):
        read_batch(io.BytesIO(f"c{module}\n{function}\n.".encode()))


def without(data, labels):
    return pickle.dumps({b"data": data}, protocol=4)


DAMAGED = {
    "empty": (lambda d, n: b"", "truncated"),
    "not a pickle": (lambda d, n: b"<html>404</html>", "invalid load key"),
    "cut in the data": (lambda d, n: files.python2_pickle(d, n)[:5000], "truncated"),
    "cut in the labels": (lambda d, n: files.python2_pickle(d, n)[:-20], "truncated|too early"),
    "no labels": (without, "missing entry 'labels'"),
    "a list": (lambda d, n: pickle.dumps([1, 2]), "items"),
    "too few images": (lambda d, n: files.python2_pickle(d[:7], n), r"\(20, 3072\), got \(7"),
    "too few labels": (lambda d, n: files.python2_pickle(d, n[:7]), r"20 integers.*\(7,\)"),
    "a label of 10": (lambda d, n: files.python2_pickle(d, n * 0 + 10), "0 to 9, got 10 to 10"),
    "a label of -1": (lambda d, n: files.python2_pickle(d, n * 0 - 1), "0 to 9, got -1"),
    "labels in letters": (
        lambda d, n: pickle.dumps({b"data": d, b"labels": ["a"] * COUNT}),
        "integers",
    ),
    "floats": (lambda d, n: pickle.dumps({b"data": d.astype("f4"), b"labels": n}), "uint8, got f4"),
    "shape and bytes differ": (
        lambda d, n: files.python2_pickle(d, n).replace(
            b"J\x00\x0c\x00\x00", b"J\x01\x0c\x00\x00", 1
        ),
        "reshape",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_batch_says_what_is_wrong(small, content, damage):
    write, message = DAMAGED[damage]
    with pytest.raises(DataError, match=message):
        read_batch(io.BytesIO(write(*content)))
