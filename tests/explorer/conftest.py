"""Readings without a model, images without a data set, and a decoder of payloads of its own."""

import gc
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from explorer import client
from explorer.client import activations
from explorer.components import declared
from explorer.records import ModelOutput
from explorer.results import Failure, Ready
from explorer.selection import Image, ModelRef, Selection
from vitcore.config import CLASS_NAMES, PRESETS
from vitcore.patches import model_input


def draws_pages(request):
    return "views" in request.path.parts or hasattr(request.module, "AppTest")


@pytest.fixture(scope="module", autouse=True)
def garbage_of_a_file_is_collected_at_its_end(request):
    yield
    if draws_pages(request):
        gc.unfreeze()
        gc.collect()


@pytest.fixture(autouse=True)
def no_run_of_a_page_walks_what_was_there_before(request):
    """Streamlit collects garbage after each: beside TensorFlow's objects that takes half a second.

    The app itself is spared it in the same way; see `explorer/app.py`.
    """
    if draws_pages(request):
        gc.freeze()


@pytest.fixture(autouse=True)
def payloads_are_sent_whole(monkeypatch):
    """Also in the second run of a page, for `unpack`."""
    monkeypatch.setattr(declared, "_LARGE", float("inf"))


@pytest.fixture
def unpack():
    """Read a payload back by its description: it shares nothing with the packer."""

    def unpack(payload):
        (length,) = struct.unpack_from("<I", payload)
        header = json.loads(payload[4 : 4 + length])
        at, arrays = 4 + length, {}
        for name, kind, shape in header["arrays"]:
            at += -at % 8
            dtype = {"u8": "u1", "f32": "<f4"}[kind]
            arrays[name] = np.frombuffer(payload, dtype, int(np.prod(shape)), at).reshape(shape)
            at += arrays[name].nbytes
        # What a page sent ends in the word that stands for it.
        assert len(payload[at:]) == (16 if payload[at:].startswith(b"\xff" * 4) else 0)
        return header, arrays

    return unpack


@pytest.fixture
def image():
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    key = hashlib.sha256(pixels).hexdigest()
    return Image(pixels=pixels, source="cifar10", label=6, index=0, name="frog 0", key=key)


@pytest.fixture
def select(image):
    """A selection; without a config its model cannot be opened."""

    def select(patch_size=8, *, config=PRESETS["flexi"], image=image, name="demo", **rest):
        model = Failure("There is no model demo.", "Select another model.")
        if config is not None:
            model = ModelRef(name, Path(name), (1,), config)
        return Selection(model, image, patch_size, **rest)

    return select


@pytest.fixture
def fake_forward(monkeypatch):
    """Let every forward pass give what a function of the selection says, or always one result."""

    def fake_forward(result):
        def forward(selection, *, newest=False):
            if isinstance(selection.model, Failure):
                return selection.model
            found = result(selection) if callable(result) else result
            return Ready(found) if isinstance(found, ModelOutput) else found

        monkeypatch.setattr(client, "forward", forward)
        monkeypatch.setattr(activations, "forward", forward)

    return fake_forward


@pytest.fixture
def make_reading(image):
    """A reading with random numbers of the right shapes."""

    def make(patch_size=8, *, prefix=0, blocks=2, heads=3, grid=None, logits=None, attention=None):
        rng = np.random.default_rng(5)
        seen = model_input(image.pixels, patch_size)
        if grid is None:
            grid = (len(seen) // patch_size,) * 2
        seen = seen[: grid[0] * patch_size, : grid[1] * patch_size]
        count = grid[0] * grid[1]
        tokens = prefix + count
        if attention is None:
            attention = rng.dirichlet(np.ones(tokens), size=(blocks, heads, tokens))
        patch_logits = rng.normal(size=(count, len(CLASS_NAMES))).astype(np.float32)
        if logits is None:
            logits = patch_logits.mean(axis=0)
        powers = np.exp(np.asarray(logits, np.float32))
        return ModelOutput(
            patch_size=patch_size,
            grid=grid,
            num_prefix_tokens=prefix,
            image=seen,
            tokens=rng.normal(size=(tokens, 12)).astype(np.float32),
            attention=np.asarray(attention, np.float32),
            patch_logits=None if prefix else patch_logits,
            logits=np.asarray(logits, np.float32),
            probabilities=powers / powers.sum(),
            logit_lens=rng.dirichlet(np.ones(len(powers)), size=len(attention) + 1).astype(
                np.float32
            ),
            patch_logit_lens=rng.dirichlet(
                np.ones(len(powers)), size=(len(attention) + 1, count)
            ).astype(np.float32),
            token_norms=rng.uniform(1, 2, size=(len(attention) + 1, tokens)).astype(np.float32),
            seconds=0.0071,
        )

    return make
