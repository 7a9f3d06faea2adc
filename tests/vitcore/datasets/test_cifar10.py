"""CIFAR-10 is found, converted once, opened in milliseconds, and never half there."""

import os
import shutil
import threading
import time

import numpy as np
import pytest

from tests.vitcore.datasets import cifar10_files as files
from vitcore import cache
from vitcore.datasets import DataError, batches, cifar10, find_cifar10
from vitcore.datasets.cifar10 import convert

COUNT = 20


def as_images(content, *names):
    """The slow, obvious way: colour planes of 32 rows, one number at a time."""
    data = np.concatenate([content[name][0] for name in names])
    images = np.zeros((len(data), 32, 32, 3), np.uint8)
    for colour in range(3):
        for row in range(32):
            start = colour * 1024 + row * 32
            images[:, row, :, colour] = data[:, start : start + 32]
    return images, np.concatenate([content[name][1] for name in names])


def is_right(content, **arguments):
    for split, names in (("train", files.NAMES), ("test", ("test_batch",))):
        images, labels = cifar10(split, **arguments)
        expected, expected_labels = as_images(content, *names)
        np.testing.assert_array_equal(images, expected)
        np.testing.assert_array_equal(labels, expected_labels)
        assert images.dtype == labels.dtype == np.uint8
    return True


@pytest.fixture
def folder(small, rng):
    """A folder that holds `cifar-10-batches-py`, and what is in it."""
    content = files.write_folder(small / "mine" / "cifar-10-batches-py", rng, count=COUNT)
    files.write_archive(small / "cifar-10-python.tar.gz", small / "mine" / "cifar-10-batches-py")
    return small / "mine", content


def place(small, folder, kind):
    """Put a copy where Keras or a person would have it."""
    batches_folder = folder / "cifar-10-batches-py"
    keras = small / "keras" / "datasets"
    target = {
        "holding folder": folder,
        "the folder itself": batches_folder,
        "archive": small / "cifar-10-python.tar.gz",
        "folder with archive": small / "elsewhere",
        "keras folder": keras / "cifar-10-batches-py",
        "keras 3 folder": keras / "cifar-10-batches-py-target" / "cifar-10-batches-py",
        "keras archive": keras,
    }[kind]
    if kind in ("folder with archive", "keras archive"):
        target.mkdir(parents=True)
        shutil.copy(small / "cifar-10-python.tar.gz", target)
    elif kind.startswith("keras"):
        shutil.copytree(batches_folder, target)
    return target


@pytest.mark.parametrize(
    "kind", ["holding folder", "the folder itself", "archive", "folder with archive"]
)
def test_a_named_folder_or_archive_is_read(small, folder, monkeypatch, kind):
    target = place(small, folder[0], kind)
    assert is_right(folder[1], data_dir=target)
    shutil.rmtree(cache.data_home())
    monkeypatch.setenv("VITCORE_DATA", str(target))
    assert is_right(folder[1])


@pytest.mark.parametrize("kind", ["keras folder", "keras 3 folder", "keras archive"])
def test_keras_cache_is_read(small, folder, kind):
    place(small, folder[0], kind)
    assert find_cifar10().origin == "keras"
    assert is_right(folder[1])


def test_where_it_is_nowhere_the_error_says_how_to_get_it(home):
    assert find_cifar10() is None
    with pytest.raises(FileNotFoundError, match=r"python -m vitcore download.*VITCORE_DATA"):
        cifar10()


def test_the_home_of_nobody_is_a_place_without_it(home, monkeypatch):
    assert find_cifar10("~nobody-of-this-name/data") is None
    monkeypatch.setenv("VITCORE_DATA", "~nobody-of-this-name")
    assert find_cifar10() is None


def test_a_named_place_without_it_is_named(home, monkeypatch):
    with pytest.raises(FileNotFoundError, match="not found in .*nothing"):
        cifar10(data_dir=home / "nothing")
    monkeypatch.setenv("VITCORE_DATA", str(home / "empty"))
    with pytest.raises(FileNotFoundError, match="not found in .*empty"):
        cifar10()


def test_order_is_named_then_own_cache_then_keras(small, folder, monkeypatch):
    place(small, folder[0], "keras folder")
    assert find_cifar10().origin == "keras"
    cifar10(data_dir=folder[0])
    assert find_cifar10().origin == "cache"
    monkeypatch.setenv("VITCORE_DATA", str(folder[0]))
    assert find_cifar10().origin == "named"


def test_finding_converts_nothing_and_knows_when_all_is_ready(small, folder):
    assert not find_cifar10(folder[0]).ready
    assert not cache.data_home().exists()
    cifar10(data_dir=folder[0])
    assert find_cifar10(folder[0]).ready


def test_images_are_mapped_and_read_only(folder):
    images, _ = cifar10(data_dir=folder[0])
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_the_second_opening_reads_only_the_converted_files(folder, monkeypatch):
    cifar10(data_dir=folder[0])
    monkeypatch.setattr(batches, "read_batch", None)  # reading the source again would fail
    images, _ = cifar10("train", data_dir=folder[0])
    np.testing.assert_array_equal(images, as_images(folder[1], *files.NAMES)[0])


def test_a_changed_source_is_read_anew_and_its_old_copy_removed(folder, rng):
    cifar10(data_dir=folder[0])
    shutil.rmtree(folder[0] / "cifar-10-batches-py")
    content = files.write_folder(folder[0] / "cifar-10-batches-py", rng, count=COUNT)
    os.utime(folder[0] / "cifar-10-batches-py" / "test_batch", (1, 1))
    assert is_right(content, data_dir=folder[0])
    assert len(list(cache.data_home().glob("cifar10-*"))) == 1


def test_another_split_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="train or test, got 'validation'"):
        cifar10("validation")


def cut(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


BROKEN = {
    "a file is missing": (lambda f: (f / "data_batch_3").unlink(), "missing data_batch_3"),
    "a file is cut": (lambda f: cut(f / "data_batch_2"), "data_batch_2 .* corrupted: .*truncated"),
    "a file is empty": (lambda f: cut(f / "test_batch", 0), "test_batch .* corrupted: truncated"),
    "all files are missing": (
        lambda f: [path.unlink() for path in f.iterdir()],
        "incomplete: missing data_batch_1, ",
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_folder_is_named_and_leaves_nothing_behind(folder, damage):
    break_it, message = BROKEN[damage]
    break_it(folder[0] / "cifar-10-batches-py")
    with pytest.raises(DataError, match=message):
        cifar10(data_dir=folder[0])
    assert list(cache.data_home().glob("*")) == list(cache.data_home().glob(".*")) == []


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.98])
def test_a_half_downloaded_archive_is_named_and_leaves_nothing_behind(small, folder, share):
    archive = small / "cifar-10-python.tar.gz"
    cut(archive, share)
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz is corrupted or truncated"):
        cifar10(data_dir=archive)
    assert list(cache.data_home().iterdir()) == []


def test_a_web_page_in_the_archive_s_place_is_named(small):
    (small / "cifar-10-python.tar.gz").write_text("<html>Not found</html>")
    with pytest.raises(DataError, match="corrupted or truncated"):
        cifar10(data_dir=small)


def test_an_archive_without_a_batch_is_named(small, folder):
    (folder[0] / "cifar-10-batches-py" / "data_batch_5").unlink()
    files.write_archive(small / "less.tar.gz", folder[0] / "cifar-10-batches-py")
    # write_archive puts a line of HTML where a file is missing.
    with pytest.raises(DataError, match="data_batch_5 of CIFAR-10"):
        cifar10(data_dir=small / "less.tar.gz")


@pytest.mark.parametrize("share", [0, 0.01, 0.9])
def test_a_damaged_converted_file_is_made_again_from_its_source(folder, share):
    cifar10(data_dir=folder[0])
    (converted,) = cache.data_home().glob("cifar10-*")
    for name in ("test_images", "test_labels"):
        cut(converted / f"{name}.npy", share)
    assert is_right(folder[1], data_dir=folder[0])


def test_a_damaged_cache_without_a_source_is_removed_and_offered_again(folder):
    cifar10(data_dir=folder[0])
    (converted,) = cache.data_home().glob("cifar10-*")
    cut(converted / "test_images.npy")
    with pytest.raises(DataError, match=r"test_images.npy is corrupted.*vitcore download"):
        cifar10()
    assert find_cifar10() is None


def test_a_damaged_cache_gives_way_to_keras(small, folder):
    cifar10(data_dir=folder[0])
    (converted,) = cache.data_home().glob("cifar10-*")
    cut(converted / "test_images.npy")
    place(small, folder[0], "keras folder")
    assert is_right(folder[1])


def test_a_folder_that_cannot_be_written_is_one_sentence(folder, monkeypatch):
    (folder[0] / "file").write_text("")
    monkeypatch.setenv("VITCORE_HOME", str(folder[0] / "file"))
    with pytest.raises(DataError, match="could not be converted into .*file"):
        cifar10(data_dir=folder[0])


def test_two_conversions_at_once_leave_one_whole_folder(small, folder):
    target = small / "converted" / "cifar10-one"
    both_read = threading.Barrier(2, timeout=10)

    def slowly():
        yield from batches.read_folder(folder[0] / "cifar-10-batches-py")
        both_read.wait()

    threads = [threading.Thread(target=convert, args=(slowly(), target)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert [path.name for path in target.parent.iterdir()] == ["cifar10-one"]
    assert len(list(target.iterdir())) == 4


def test_work_that_a_killed_process_left_is_cleared_away(folder):
    abandoned = cache.data_home() / ".converting-old"
    current = cache.data_home() / ".converting-new"
    for path in (abandoned, current):
        path.mkdir(parents=True)
    os.utime(abandoned, (1, 1))
    cifar10(data_dir=folder[0])
    assert not abandoned.exists()
    assert current.exists()


@pytest.mark.cifar10
def test_the_real_set_is_balanced_and_opens_fast(cifar10_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    for split, each in (("train", 5000), ("test", 1000)):
        _, labels = cifar10(split, data_dir=cifar10_folder)
        assert np.bincount(labels).tolist() == [each] * 10
    start = time.perf_counter()
    cifar10("train", data_dir=cifar10_folder)
    assert time.perf_counter() - start < 1  # 1 ms alone; a busy machine may take longer
