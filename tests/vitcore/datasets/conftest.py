"""A CIFAR-10 with twenty images per batch, in a home of its own for each test."""

import pytest

from vitcore.datasets import batches

COUNT = 20


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where nothing is found yet: no named folder, an empty cache, an empty Keras cache."""
    monkeypatch.delenv("VITCORE_DATA", raising=False)
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path


@pytest.fixture
def small(home, monkeypatch):
    """The same, and a batch has twenty images instead of ten thousand."""
    monkeypatch.setattr(batches, "IMAGES_PER_BATCH", COUNT)
    return home
