"""The script of the Self-attention page is run, and prints what the trace holds."""

import contextlib
import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import vitcore
from explorer.selection import Image, ModelRef
from explorer.text.recompute import recompute_in_numpy
from vitcore.checkpoints import read_config
from vitcore.config import grid_side

FROG = Image(np.zeros((32, 32, 3), np.uint8), "sketch10", 6, 3, "frog 3", "key")


@pytest.mark.parametrize("model", ["flexi-cifar10", "plain-cifar10", "article-cifar10"])
def test_the_script_of_a_block_prints_its_context(monkeypatch, model):
    monkeypatch.setattr(vitcore, "load", cache(vitcore.load))
    config = read_config(model)
    ref = ModelRef(model, Path(model), (1,), config)
    tokens = config.num_prefix_tokens + grid_side(8) ** 2
    code = recompute_in_numpy(ref, FROG, 8, block=1, tokens=tokens)
    for given, value in {"{head}": "1", "{query}": "7", "{context}": "[]"}.items():
        code = code.replace(given, value)
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    first, apart = printed.getvalue().splitlines()
    image = vitcore.sketch10(1, start=36)[0][0]
    trace = vitcore.trace(vitcore.load(model), image, patch_size=8)
    wanted = trace.blocks[1]["mixed"][1, 7, :4]
    np.testing.assert_allclose([float(one) for one in first[1:-1].split()], wanted, atol=5.1e-5)
    assert float(apart) < 1e-4
    assert names["scores"].shape == (tokens, tokens)
