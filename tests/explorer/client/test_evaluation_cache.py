"""Evaluations are asked for chunk by chunk, and what is there is kept."""

import numpy as np
import pytest
import streamlit as st

from explorer import client
from explorer.client import session
from explorer.client.evaluation import _chunks
from explorer.client.tasks import forward_pass
from explorer.results import Failure, Pending, Ready
from explorer.selection import Selection
from vitcore import cache, checkpoints
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights

CONFIG = ViTConfig(width=16, depth=1, num_heads=2, mlp_dim=32)


class Worker:
    """Stands in for the dispatcher: answers so many chunks, then lets everybody wait."""

    def __init__(self, patience):
        self.patience = patience
        self.answered = []

    def ask(self, task, session, *, slot, patience, notify):
        assert task.function is forward_pass.test_logits
        assert task.background
        assert not notify
        if len(self.answered) == self.patience:
            return Pending("Answering.", "Meanwhile.")
        start, count = task.arguments[3:5]
        self.answered.append(start)
        return Ready((np.full((count, 10), start, np.float32), 0.1))


@pytest.fixture
def worker(monkeypatch):
    worker = Worker(patience=2)
    monkeypatch.setattr(session, "_dispatcher", lambda: worker)
    monkeypatch.setattr(st, "session_state", {})
    _chunks.clear()
    yield worker
    _chunks.clear()


@pytest.fixture
def model(monkeypatch, tmp_path):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    checkpoints.write(cache.runs_home() / "quiet-heron", CONFIG, initial_weights(CONFIG, 0))
    return "quiet-heron"


@pytest.fixture
def evaluate(image):
    def evaluate(model, source, count, patch_size):
        selection = Selection(client.resolve(model), image, patch_size)
        return client.evaluate(selection, source, count)

    return evaluate


def test_it_goes_on_where_it_was_left(evaluate, worker, model):
    first = evaluate(model, "sketch10", 2000, 8)
    assert (first.value.done, first.value.wanted) == (512, 2000)
    assert first.pending
    worker.patience = 100
    whole = evaluate(model, "sketch10", 2000, 8)
    assert (whole.value.done, whole.pending) == (2000, None)
    assert whole.value.logits[:, 0].max() == 1792
    assert worker.answered == list(range(0, 2000, 256))


def test_another_patch_size_and_other_images_are_evaluated_apart(evaluate, worker, model):
    worker.patience = 100
    for source, patch_size in (("sketch10", 8), ("sketch10", 16), ("cifar10", 8)):
        evaluate(model, source, 500, patch_size)
    assert worker.answered == [0, 256] * 3
    evaluate(model, "sketch10", 500, 8)
    assert len(worker.answered) == 6


def test_new_weights_are_evaluated_anew(evaluate, worker, model):
    worker.patience = 100
    evaluate(model, "sketch10", 500, 8)
    checkpoints.write(cache.runs_home() / model, CONFIG, initial_weights(CONFIG, 1))
    evaluate(model, "sketch10", 500, 8)
    assert len(worker.answered) == 4


def test_no_model_is_a_failure(evaluate, worker):
    assert isinstance(evaluate("", "sketch10", 500, 4), Failure)
    assert "nobody" in evaluate("nobody", "sketch10", 500, 4).message
    assert not worker.answered
