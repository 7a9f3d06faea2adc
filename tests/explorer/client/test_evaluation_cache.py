"""Evaluations are asked for slice by slice, and what is there is kept."""

import numpy as np
import pytest

from explorer import client
from explorer.client import evaluation_cache
from explorer.client.evaluation_cache import evaluation
from explorer.client.results import Problem, Waiting
from explorer.client.tasks import forward_pass
from vitcore import cache, checkpoints
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights

CONFIG = ViTConfig(width=16, depth=1, num_heads=2, mlp_dim=32)


class Worker:
    """Answers so many slices, then lets everybody wait."""

    def __init__(self, patience):
        self.patience = patience
        self.answered = []

    def __call__(self, function, model, arguments, *, key, background, heeded, **_):
        assert function is forward_pass.answers
        assert key == arguments
        assert background
        assert not heeded
        if len(self.answered) == self.patience:
            return Waiting("Answering.", "Meanwhile.")
        _, start, count, _ = arguments
        self.answered.append(start)
        return np.full((count, 10), start, np.float32), 0.1


@pytest.fixture
def ask(monkeypatch):
    worker = Worker(patience=2)
    monkeypatch.setattr(client, "ask", worker)
    evaluation_cache._slices.clear()
    yield worker
    evaluation_cache._slices.clear()


@pytest.fixture
def model(monkeypatch, tmp_path):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    checkpoints.write(cache.runs_home() / "quiet-heron", CONFIG, initial_weights(CONFIG, 0))
    return "quiet-heron"


def test_it_goes_on_where_it_was_left(ask, model):
    first = evaluation(model, "sketch10", 2000, 8)
    assert (first.done, first.wanted) == (512, 2000)
    assert first.waiting
    ask.patience = 100
    whole = evaluation(model, "sketch10", 2000, 8)
    assert (whole.done, whole.waiting) == (2000, None)
    assert whole.logits[:, 0].max() == 1792
    assert ask.answered == list(range(0, 2000, 256))


def test_another_patch_size_and_other_pictures_are_other_answers(ask, model):
    ask.patience = 100
    for source, patch_size in (("sketch10", 8), ("sketch10", 16), ("cifar10", 8)):
        evaluation(model, source, 500, patch_size)
    assert ask.answered == [0, 256] * 3
    evaluation(model, "sketch10", 500, 8)
    assert len(ask.answered) == 6


def test_new_weights_are_asked_anew(ask, model):
    ask.patience = 100
    evaluation(model, "sketch10", 500, 8)
    checkpoints.write(cache.runs_home() / model, CONFIG, initial_weights(CONFIG, 1))
    evaluation(model, "sketch10", 500, 8)
    assert len(ask.answered) == 4


def test_no_model_is_a_problem(ask):
    assert isinstance(evaluation("", "sketch10", 500, 4), Problem)
    assert "nobody" in evaluation("nobody", "sketch10", 500, 4).what
    assert not ask.answered
