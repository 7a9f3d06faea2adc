"""CIFAR-10 made ready beside the app."""

import json
import time

import pytest

from explorer.data import cifar10_setup
from vitcore import datasets


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine without CIFAR-10."""
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("VITCORE_DATA", raising=False)
    return tmp_path


def settle(data):
    end = time.monotonic() + 60
    while data.busy and time.monotonic() < end:
        time.sleep(0.05)


def test_where_it_is_missing_it_is_offered(nowhere):
    data = cifar10_setup.Gathering()
    data.prepare()
    assert not data.busy
    assert not data.found
    assert not data.ready
    assert data.can_fetch
    assert data.sentence == "CIFAR-10 not found."


def test_a_broken_folder_that_a_person_named_is_named_and_not_offered(nowhere, monkeypatch):
    folder = nowhere / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "test_batch").write_bytes(b"broken")
    monkeypatch.setenv("VITCORE_DATA", str(nowhere))
    data = cifar10_setup.Gathering()
    data.prepare()
    assert data.busy
    settle(data)
    assert "incomplete" in data.sentence
    assert "data_batch_1" in data.sentence
    assert not data.ready
    assert not data.can_fetch


def test_what_opens_badly_is_not_called_ready_again(nowhere):
    data = cifar10_setup.Gathering()
    data.refuse("It is broken.")
    assert data.sentence == "It is broken."
    assert not data.ready


def test_the_process_says_how_far_it_is(monkeypatch, capsys):
    def fetch(progress):
        for done in (0, 50, 100):
            progress(done, 100)

    monkeypatch.setattr(datasets, "download_cifar10", fetch)
    cifar10_setup._work("fetch")
    said = [json.loads(line)["done"] for line in capsys.readouterr().out.splitlines()]
    assert said[-1] == 1.0


def test_the_process_says_what_went_wrong(monkeypatch, capsys):
    def fetch(progress):
        raise datasets.DataError("The host cannot be reached (no network).")

    monkeypatch.setattr(datasets, "download_cifar10", fetch)
    with pytest.raises(SystemExit):
        cifar10_setup._work("fetch")
    assert json.loads(capsys.readouterr().out) == {
        "error": "The host cannot be reached (no network)."
    }
